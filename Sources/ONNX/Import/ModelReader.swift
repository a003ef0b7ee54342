internal import COnnx
import LatheDiagnostics
import LatheIR
import LatheProtobuf
import LatheTensors
import OrderedCollections

/// Reads a decoded model into a graph; one object for one import.
///
/// Nodes are added in topological order and their types inferred as they come, so that an upgrade of an older form
/// can ask what is known about its operands.
final class ModelReader {
  let catalog: OperatorCatalog
  let limits: ResourceLimits
  let irVersion: Int
  let tensors: TensorReader
  let functions: FunctionTable
  var warnings = WarningList()
  /// Nodes read so far, with functions expanded.
  var nodeCount = 0
  /// Open graphs and calls.
  var depth = 0
  /// Open branches of If nodes.
  var branchDepth = 0
  /// Bytes of sparse tensors made dense so far.
  var denseBytes = 0
  /// How often each path of a call was used, so that every call has a path of its own.
  var callPaths: [String: Int] = [:]
  /// Attributes of function bodies, which are read once and used by every call.
  var sharedAttributes: [AttributeProto: Attribute] = [:]
  let freeNames = FreeNames()

  init(
    catalog: OperatorCatalog, limits: ResourceLimits, irVersion: Int, tensors: TensorReader, functions: FunctionTable
  ) {
    self.catalog = catalog
    self.limits = limits
    self.irVersion = irVersion
    self.tensors = tensors
    self.functions = functions
  }

  /// A name or key.
  ///
  /// - Throws: `onnx/text` if it is not UTF-8.
  static func text(_ data: ProtobufCBinaryData, _ what: String) throws(Diagnostic) -> String {
    guard let text = data.text else {
      throw .invalid("onnx/text", "\(what) is not UTF-8: \"\(data.repairedText)\"", fix: "export the model again")
    }
    return text
  }

  /// Text without meaning to the computation; what is not UTF-8 in it is replaced, with a warning.
  func freeText(_ data: ProtobufCBinaryData, _ what: String) -> String {
    if let text = data.text { return text }
    warnings.add(.warning("onnx/text-repaired", "\(what) is not UTF-8; its bad bytes were replaced"))
    return data.repairedText
  }

  /// A documentation string and metadata.
  func annotations(
    _ documentation: ProtobufCBinaryData, _ entries: MessageList<Lathe__Onnx__StringStringEntryProto>
  ) -> Annotations {
    var metadata: OrderedDictionary<String, String> = [:]
    for entry in entries {
      metadata[freeText(entry.pointee.key, "a key of metadata_props")] = freeText(
        entry.pointee.value, "a value of metadata_props")
    }
    return Annotations(documentation: freeText(documentation, "a doc_string"), metadata: metadata)
  }

  /// Runs `body` one level deeper.
  func nested<Result>(_ body: () throws(Diagnostic) -> Result) throws(Diagnostic) -> Result {
    let deepest = ONNXVersions.levels(limits)
    guard depth < deepest else {
      throw limits.exceeded("nesting-depth", "graphs and function calls nest more than \(deepest) deep")
    }
    depth += 1
    defer { depth -= 1 }
    return try body()
  }

  /// Counts nodes, or values that their graphs capture, against the limit.
  func countNodes(_ count: Int = 1) throws(Diagnostic) {
    nodeCount += count
    guard nodeCount <= limits.expandedNodes else {
      throw limits.exceeded(
        "expanded-nodes", "the model has more than \(limits.expandedNodes) nodes and captured values with its functions expanded")
    }
  }
}
