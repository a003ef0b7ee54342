internal import COnnx
import LatheDiagnostics
import LatheFiles

/// A whole ONNX file, decoded and known to be a model: it has a graph, an IR version and operator sets.
package final class DecodedModel {
  let decoded: DecodedMessage<Lathe__Onnx__ModelProto>

  /// Decodes `bytes`, which must stay valid while `owner` lives.
  ///
  /// Throws what is wrong and where; for a file of another kind, what kind it seems to be.
  package init(
    _ bytes: UnsafeRawBufferPointer, owner: AnyObject?, file: String? = nil, limits: ResourceLimits = ResourceLimits()
  ) throws(Diagnostic) {
    do throws(Diagnostic) {
      decoded = try DecodedMessage(bytes, owner: owner, lathe__onnx__model_proto__init, limits: limits)
      try Self.checkParts(decoded.message.pointee)
    } catch {
      throw Self.explain(error, bytes).located(in: Location(file: file))
    }
  }

  /// What was left out of the model.
  package var warnings: [Diagnostic] { decoded.warnings }

  /// The message itself; valid while this object lives.
  var model: Lathe__Onnx__ModelProto { decoded.message.pointee }

  /// Version of the file's own format.
  package var irVersion: Int64 { model.ir_version }

  /// Nodes of the main graph, not counting those of graphs in it.
  package var nodeCount: Int { model.graph.pointee.n_node }

  /// Bytes that all tensors' data take in the file.
  package var payloadBytes: Int { decoded.payloads.pieces.reduce(0) { $0 + $1.count } }

  /// Gives the model's bytes to `sink`: the same model, its fields in the order of their numbers.
  package func write(to sink: ByteSink) throws(Diagnostic) {
    try decoded.writer().write(to: sink)
  }

  private static func checkParts(_ model: Lathe__Onnx__ModelProto) throws(Diagnostic) {
    guard model.graph != nil else {
      throw .invalid(
        "onnx/no-graph", "the file has no graph, so it is not an ONNX model",
        fix: "give the model's .onnx file; a tensor's .pb file is a sample, not a model")
    }
    guard model.has_ir_version != 0 else {
      throw .invalid("onnx/no-ir-version", "the model has no ir_version", fix: "export it again")
    }
    guard model.n_opset_import > 0 else {
      throw .invalid(
        "onnx/no-opset-import", "the model does not say which operator sets it uses (opset_import)",
        fix: "export it again, with at least IR version 3")
    }
  }

  /// `fault`, or what kind of file this is instead.
  private static func explain(_ fault: Diagnostic, _ bytes: UnsafeRawBufferPointer) -> Diagnostic {
    guard !fault.id.hasPrefix("limit/"), fault.category == .invalidInput, let kind = FileKind(bytes) else {
      return fault
    }
    return .invalid(
      "onnx/not-a-model", "this is not an ONNX model but \(kind.description)",
      notes: ["read as ONNX: \(fault.message)"], fix: kind.fix)
  }
}
