internal import COnnx
import LatheDiagnostics
import LatheFiles
import LatheProtobuf
import LatheTensors

/// Reads files that hold one value of any type, such as `input_0.pb` of a test data set.
public enum ONNXDatumFile {
  /// The value in the file and its name, which may be empty.
  ///
  /// A file does not say what it holds, so `type` does: that of the input or output it is for.
  ///
  /// - Throws: `onnx/…`, `limit/…` and `file/…`, with the file.
  public static func read(
    path: String, type: ValueType, limits: ResourceLimits = ResourceLimits()
  ) throws(Diagnostic) -> (name: String, datum: Datum) {
    switch type {
    case .tensor:
      let (name, tensor) = try ONNXTensorFile.read(path: path, limits: limits)
      return (name, .tensor(tensor))
    case .sequence(let element):
      return try read(path, lathe__onnx__sequence_proto__init, limits) { (proto, reader) throws(Diagnostic) in
        (proto.pointee.name, .sequence(try reader.elements(proto, of: element), of: element))
      }
    case .optional(let element):
      return try read(path, lathe__onnx__optional_proto__init, limits) { (proto, reader) throws(Diagnostic) in
        (proto.pointee.name, .optional(try reader.content(proto, of: element), of: element))
      }
    case .sparseTensor, .map, .opaque:
      throw DatumReader.unsupported(type).located(in: Location(file: path))
    }
  }

  private static func read<Proto>(
    _ path: String, _ initialize: (UnsafeMutablePointer<Proto>?) -> Void, _ limits: ResourceLimits,
    _ convert: (UnsafeMutablePointer<Proto>, DatumReader) throws(Diagnostic) -> (ProtobufCBinaryData, Datum)
  ) throws(Diagnostic) -> (name: String, datum: Datum) {
    let file = try MappedFile(path: path)
    do throws(Diagnostic) {
      let decoded = try DecodedMessage(file.bytes, owner: file, initialize, schema: .data, limits: limits)
      defer { withExtendedLifetime(decoded) {} }
      let tensors = TensorReader(payloads: decoded.payloads, limits: limits, external: nil)
      let (name, datum) = try convert(decoded.message, DatumReader(tensors: tensors))
      return (try ModelReader.text(name, "the value's name"), datum)
    } catch {
      throw error.located(in: Location(file: path))
    }
  }
}

/// Makes values of the messages for sequences and optionals, which nest no deeper than the wire scan allows.
private struct DatumReader {
  let tensors: TensorReader

  /// The elements of a sequence.
  func elements(
    _ proto: UnsafeMutablePointer<Lathe__Onnx__SequenceProto>, of type: ValueType
  ) throws(Diagnostic) -> [Datum] {
    let message = proto.pointee
    guard message.n_sparse_tensor_values == 0, message.n_map_values == 0, message.n_optional_values == 0 else {
      throw Self.unsupported(.sequence(type))
    }
    var elements: [Datum] = []
    switch type {
    case .tensor(let tensor):
      guard message.n_sequence_values == 0 else { throw Self.mismatch(.sequence(type)) }
      for value in MessageList(message.tensor_values, message.n_tensor_values) {
        elements.append(try self.tensor(value, tensor))
      }
    case .sequence(let inner):
      guard message.n_tensor_values == 0 else { throw Self.mismatch(.sequence(type)) }
      for value in MessageList(message.sequence_values, message.n_sequence_values) {
        elements.append(.sequence(try self.elements(value, of: inner), of: inner))
      }
    default: throw Self.unsupported(.sequence(type))
    }
    return elements
  }

  /// What an optional holds; nil for nothing.
  func content(
    _ proto: UnsafeMutablePointer<Lathe__Onnx__OptionalProto>, of type: ValueType
  ) throws(Diagnostic) -> Datum? {
    let message = proto.pointee
    guard message.sparse_tensor_value == nil, message.map_value == nil, message.optional_value == nil else {
      throw Self.unsupported(.optional(type))
    }
    switch (type, message.tensor_value, message.sequence_value) {
    case (_, nil, nil): return nil
    case (.tensor(let tensor), let value?, nil): return try self.tensor(value, tensor)
    case (.sequence(let element), nil, let value?): return .sequence(try elements(value, of: element), of: element)
    default: throw Self.mismatch(.optional(type))
    }
  }

  private func tensor(
    _ proto: UnsafeMutablePointer<Lathe__Onnx__TensorProto>, _ type: TensorType
  ) throws(Diagnostic) -> Datum {
    let tensor = try tensors.read(proto)
    guard tensor.dtype == type.dtype else { throw Self.mismatch(.tensor(type)) }
    return .tensor(tensor)
  }

  static func unsupported(_ type: ValueType) -> Diagnostic {
    .invalid(
      "onnx/value-type", "values of the type \(type) cannot be read from a file",
      fix: "give tensors, sequences or optionals")
  }

  private static func mismatch(_ type: ValueType) -> Diagnostic {
    .invalid(
      "onnx/value-type", "the file does not hold the \(type) that the model declares",
      fix: "give the file that was made for this value")
  }
}
