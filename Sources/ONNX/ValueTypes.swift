internal import COnnx
import LatheDiagnostics
import LatheProtobuf
import LatheTensors

/// Reads ONNX's types.
enum ValueTypeReader {
  /// The type that a message describes; nil where it says nothing, as with element type 0.
  ///
  /// Messages nest no deeper than the wire scan allows, so this recurses.
  ///
  /// - Throws: `onnx/element-type` for an unknown element type, `onnx/negative-dimension`, `onnx/text`.
  static func read(_ proto: UnsafePointer<Lathe__Onnx__TypeProto>?) throws(Diagnostic) -> ValueType? {
    guard let proto else { return nil }
    switch proto.pointee.value_case {
    case LATHE__ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE:
      guard let tensor = proto.pointee.tensor_type else { return nil }
      return try tensorType(tensor.pointee.elem_type, tensor.pointee.shape).map { .tensor($0) }
    case LATHE__ONNX__TYPE_PROTO__VALUE_SPARSE_TENSOR_TYPE:
      guard let tensor = proto.pointee.sparse_tensor_type else { return nil }
      return try tensorType(tensor.pointee.elem_type, tensor.pointee.shape).map { .sparseTensor($0) }
    case LATHE__ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE:
      return try read(proto.pointee.sequence_type?.pointee.elem_type).map { .sequence($0) }
    case LATHE__ONNX__TYPE_PROTO__VALUE_OPTIONAL_TYPE:
      return try read(proto.pointee.optional_type?.pointee.elem_type).map { .optional($0) }
    case LATHE__ONNX__TYPE_PROTO__VALUE_MAP_TYPE:
      guard let map = proto.pointee.map_type, let key = try elementType(map.pointee.key_type) else { return nil }
      return try read(map.pointee.value_type).map { .map(key: key, value: $0) }
    case LATHE__ONNX__TYPE_PROTO__VALUE_OPAQUE_TYPE:
      guard let opaque = proto.pointee.opaque_type else { return nil }
      return .opaque(domain: opaque.pointee.domain.repairedText, name: opaque.pointee.name.repairedText)
    default:
      return nil
    }
  }

  private static func tensorType(
    _ number: Int32, _ shape: UnsafePointer<Lathe__Onnx__TensorShapeProto>?
  ) throws(Diagnostic) -> TensorType? {
    guard let dtype = try elementType(number) else { return nil }
    guard let shape else { return TensorType(dtype, nil) }
    try ONNXVersions.check(rank: shape.pointee.n_dim)
    var dimensions: Shape = []
    for proto in MessageList(shape.pointee.dim, shape.pointee.n_dim) { dimensions.append(try dimension(proto)) }
    return TensorType(dtype, dimensions)
  }

  private static func elementType(_ number: Int32) throws(Diagnostic) -> DType? {
    guard number != 0 else { return nil }
    guard let dtype = DType(onnx: number) else {
      throw .invalid(
        "onnx/element-type", "its type has the element type \(number), which ONNX does not know",
        fix: "export the model again; element types are 1 to \(DType.allCases.count)")
    }
    return dtype
  }

  private static func dimension(
    _ proto: UnsafePointer<Lathe__Onnx__TensorShapeProto__Dimension>
  ) throws(Diagnostic) -> Dimension {
    switch proto.pointee.value_case {
    case LATHE__ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE:
      guard proto.pointee.dim_value >= 0 else {
        throw .invalid(
          "onnx/negative-dimension", "its shape has the negative dimension \(proto.pointee.dim_value)",
          fix: "give a dimension that varies a name (dim_param) instead, and export the model again")
      }
      return .known(Int(proto.pointee.dim_value))
    case LATHE__ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM:
      guard let text = proto.pointee.dim_param.text else {
        throw .invalid("onnx/text", "the name of a dimension is not UTF-8", fix: "export the model again")
      }
      return dimension(named: text)
    default:
      return .unknown
    }
  }

  /// The dimension that a `dim_param` means: an expression where exporters write one, else a symbol.
  ///
  /// `batch-size` and `block/output_dim_0` are names, not differences and quotients: those stand between spaces.
  static func dimension(named text: String) -> Dimension {
    guard !text.isEmpty else { return .unknown }
    let joined = text.drop { $0 == "-" }.replacing(" - ", with: "").replacing(" / ", with: "").replacing("//", with: "")
    guard !joined.contains("-"), !joined.contains("/"), let parsed = Dimension(parsing: text) else {
      return .symbol(text)
    }
    return parsed.known == nil ? parsed : .symbol(text)
  }
}

extension MessageArena {
  /// The message of a type.
  func type(_ type: ValueType) -> UnsafeMutablePointer<Lathe__Onnx__TypeProto> {
    let proto = make(lathe__onnx__type_proto__init)
    switch type {
    case .tensor(let tensor):
      let inner = make(lathe__onnx__type_proto__tensor__init)
      inner.pointee.has_elem_type = 1
      inner.pointee.elem_type = tensor.dtype.onnxNumber
      inner.pointee.shape = tensor.shape.map(shape)
      proto.pointee.value_case = LATHE__ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE
      proto.pointee.tensor_type = inner
    case .sparseTensor(let tensor):
      let inner = make(lathe__onnx__type_proto__sparse_tensor__init)
      inner.pointee.has_elem_type = 1
      inner.pointee.elem_type = tensor.dtype.onnxNumber
      inner.pointee.shape = tensor.shape.map(shape)
      proto.pointee.value_case = LATHE__ONNX__TYPE_PROTO__VALUE_SPARSE_TENSOR_TYPE
      proto.pointee.sparse_tensor_type = inner
    case .sequence(let element):
      let inner = make(lathe__onnx__type_proto__sequence__init)
      inner.pointee.elem_type = self.type(element)
      proto.pointee.value_case = LATHE__ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE
      proto.pointee.sequence_type = inner
    case .optional(let element):
      let inner = make(lathe__onnx__type_proto__optional__init)
      inner.pointee.elem_type = self.type(element)
      proto.pointee.value_case = LATHE__ONNX__TYPE_PROTO__VALUE_OPTIONAL_TYPE
      proto.pointee.optional_type = inner
    case .map(let key, let value):
      let inner = make(lathe__onnx__type_proto__map__init)
      inner.pointee.has_key_type = 1
      inner.pointee.key_type = key.onnxNumber
      inner.pointee.value_type = self.type(value)
      proto.pointee.value_case = LATHE__ONNX__TYPE_PROTO__VALUE_MAP_TYPE
      proto.pointee.map_type = inner
    case .opaque(let domain, let name):
      let inner = make(lathe__onnx__type_proto__opaque__init)
      inner.pointee.has_domain = 1
      inner.pointee.domain = bytes(domain)
      inner.pointee.has_name = 1
      inner.pointee.name = bytes(name)
      proto.pointee.value_case = LATHE__ONNX__TYPE_PROTO__VALUE_OPAQUE_TYPE
      proto.pointee.opaque_type = inner
    }
    return proto
  }

  /// The message of a shape; unknown dimensions are empty, and expressions are written as names in the text form.
  private func shape(_ shape: Shape) -> UnsafeMutablePointer<Lathe__Onnx__TensorShapeProto> {
    let proto = make(lathe__onnx__tensor_shape_proto__init)
    let dimensions = shape.map { dimension in
      let part = make(lathe__onnx__tensor_shape_proto__dimension__init)
      switch dimension {
      case .known(let extent):
        part.pointee.value_case = LATHE__ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE
        part.pointee.dim_value = Int64(extent)
      case .symbolic(let expression):
        part.pointee.value_case = LATHE__ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM
        part.pointee.dim_param = bytes(dimension.symbolName ?? Self.spaced(expression.description))
      case .unknown:
        break
      }
      return part
    }
    proto.pointee.n_dim = dimensions.count
    proto.pointee.dim = list(dimensions)
    return proto
  }

  /// Quotients between spaces, which `ValueTypeReader.dimension(named:)` tells from names with slashes.
  private static func spaced(_ expression: String) -> String {
    expression.replacing("/", with: " / ").replacing("  /  ", with: " / ")
  }
}
