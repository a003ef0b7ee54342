internal import COnnx
import LatheDiagnostics
import LatheFiles
import LatheIR
import LatheProtobuf
import LatheTensors

extension ModelEncoder {
  /// The message of an initializer; large ones go to the file of external data if there is one.
  func initializer(_ tensor: Tensor, name: String, _ annotations: Annotations = Annotations()) -> UnsafeMutablePointer<
    Lathe__Onnx__TensorProto
  > {
    guard let offset = external?.add(tensor), let location = external?.location else {
      return self.tensor(tensor, name: name, annotations)
    }
    let proto = header(tensor, name: name, annotations)
    let entries = [("location", location), ("offset", String(offset)), ("length", String(tensor.byteCount))]
    proto.pointee.n_external_data = entries.count
    proto.pointee.external_data = arena.list(entries.map { entry($0.0, $0.1) })
    proto.pointee.has_data_location = 1
    proto.pointee.data_location = LATHE__ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL
    return proto
  }

  /// The message of a tensor with its elements in it: raw bytes, or strings.
  func tensor(
    _ tensor: Tensor, name: String = "", _ annotations: Annotations = Annotations()
  ) -> UnsafeMutablePointer<Lathe__Onnx__TensorProto> {
    let proto = header(tensor, name: name, annotations)
    proto.pointee.has_payload_start = 1
    proto.pointee.payload_start = UInt64(payloads.count)
    proto.pointee.has_payload_count = 1
    proto.pointee.payload_count = 1
    if let strings = tensor.strings {
      payloads.append(.strings(strings))
    } else {
      payloads.append(
        .rawData(byteCount: tensor.byteCount) { (sink) throws(Diagnostic) in try tensor.stream(to: sink) })
    }
    return proto
  }

  /// The message of a sparse tensor.
  func sparseTensor(_ tensor: SparseTensor) -> UnsafeMutablePointer<Lathe__Onnx__SparseTensorProto> {
    let proto = arena.make(lathe__onnx__sparse_tensor_proto__init)
    demand.needSparseTensors()
    // The values of a sparse tensor must have a name; it stands for the whole.
    proto.pointee.values = self.tensor(tensor.values, name: "values")
    proto.pointee.indices = self.tensor(tensor.indices, name: "indices")
    proto.pointee.n_dims = tensor.shape.count
    proto.pointee.dims = arena.list(tensor.shape.map { Int64($0) })
    return proto
  }

  /// Everything but the elements.
  private func header(
    _ tensor: Tensor, name: String, _ annotations: Annotations
  ) -> UnsafeMutablePointer<Lathe__Onnx__TensorProto> {
    let proto = arena.make(lathe__onnx__tensor_proto__init)
    demand.need(tensor.dtype)
    proto.pointee.n_dims = tensor.shape.count
    proto.pointee.dims = arena.list(tensor.shape.map { Int64($0) })
    proto.pointee.has_data_type = 1
    proto.pointee.data_type = tensor.dtype.onnxNumber
    (proto.pointee.has_name, proto.pointee.name) = text(name)
    (proto.pointee.has_doc_string, proto.pointee.doc_string) = text(annotations.documentation)
    (proto.pointee.n_metadata_props, proto.pointee.metadata_props) = metadata(annotations)
    return proto
  }
}

extension PayloadSource {
  /// Elements of `string_data`, each a field.
  static func strings(_ strings: [String]) -> PayloadSource {
    let field = TensorPayload.Field.stringData.rawValue
    let byteCount = strings.reduce(0) { count, string in
      let length = string.utf8.count
      return count + WireCursor.varintSize(UInt64(field) << 3) + WireCursor.varintSize(UInt64(length)) + length
    }
    return PayloadSource(field: field, form: .fields, byteCount: byteCount) { (sink) throws(Diagnostic) in
      var staged: [UInt8] = []
      for string in strings {
        staged.appendKey(field, .lengthPrefixed)
        staged.appendVarint(UInt64(string.utf8.count))
        staged.append(contentsOf: string.utf8)
        if staged.count >= 1 << 16 { try flush(&staged, to: sink) }
      }
      try flush(&staged, to: sink)
    }
  }

  private static func flush(_ staged: inout [UInt8], to sink: ByteSink) throws(Diagnostic) {
    try staged.withUnsafeBufferPointer { bytes throws(Diagnostic) in try sink(UnsafeRawBufferPointer(bytes)) }
    staged.removeAll(keepingCapacity: true)
  }
}
