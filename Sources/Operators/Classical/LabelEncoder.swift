import LatheDiagnostics
import LatheIR
import LatheTensors

/// Every element replaced by the value that belongs to it as a key, or by a default.
///
/// The last of equal keys counts, and NaN equals NaN.
public struct LabelEncoder: Classical {
  private static let domain: DTypeDomain = [.float32, .float64, .int16, .int32, .int64, .string]

  public static let schema = formal(
    "LabelEncoder", since: 4,
    inputs: [.init("X", "T1", domain)],
    outputs: [.init("Y", "T2", domain)],
    attributes: [
      "keys_floats": .floats, "keys_int64s": .integers, "keys_strings": .strings, "keys_tensor": .tensor,
      "values_floats": .floats, "values_int64s": .integers, "values_strings": .strings, "values_tensor": .tensor,
      "default_float": .float, "default_int64": .integer, "default_string": .string, "default_tensor": .tensor,
    ])

  /// What is looked for; a vector.
  public let keys: Tensor
  /// What takes the place of each key; as many as there are keys.
  public let values: Tensor
  /// What takes the place of everything else; one element of the values' type.
  public let fallback: Tensor

  /// - Throws: `operator/label-encoder` if keys, values and default do not fit.
  public init(keys: Tensor, values: Tensor, fallback: Tensor) throws(Diagnostic) {
    guard keys.elementCount == values.elementCount, fallback.dtype == values.dtype, fallback.elementCount == 1,
      Self.domain.contains(keys.dtype), Self.domain.contains(values.dtype)
    else {
      throw .invalid(
        "operator/label-encoder",
        "LabelEncoder cannot map \(keys.elementCount) keys of \(keys.dtype) to \(values.elementCount) values of \(values.dtype)"
          + " with the default \(fallback.dtype)\(fallback.shape)",
        fix: "give as many values as keys, and one default of the values' type")
    }
    self.keys = try keys.reshaped(to: [keys.elementCount])
    self.values = try values.reshaped(to: [values.elementCount])
    self.fallback = try fallback.reshaped(to: [])
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    let keys = try Self.list("keys", attributes)
    let values = try Self.list("values", attributes)
    try self.init(keys: keys, values: values, fallback: try Self.fallback(for: values.dtype, attributes))
  }

  /// The one attribute of a family that is given, as a tensor.
  private static func list(_ family: String, _ attributes: Attributes) throws(Diagnostic) -> Tensor {
    var found: [Tensor] = []
    if let tensor = try attributes.tensor("\(family)_tensor") { found.append(tensor) }
    if let floats = try attributes.floats("\(family)_floats") {
      found.append(try Tensor(floats, shape: [floats.count]))
    }
    if let strings = try attributes.strings("\(family)_strings") {
      found.append(try Tensor(strings: strings, shape: [strings.count]))
    }
    if let integers = try attributes.integers("\(family)_int64s") {
      found.append(try Tensor(integers.map(Int64.init), shape: [integers.count]))
    }
    guard found.count == 1 else {
      throw .invalid(
        "operator/label-encoder", "LabelEncoder needs one of its attributes \(family)_…, but has \(found.count)")
    }
    return found[0]
  }

  private static func fallback(for dtype: DType, _ attributes: Attributes) throws(Diagnostic) -> Tensor {
    if let tensor = try attributes.tensor("default_tensor") { return tensor }
    switch dtype {
    case .float32: return try Tensor.scalar(try attributes.float("default_float", default: -0.0))
    case .int64: return try Tensor.scalar(Int64(try attributes.integer("default_int64", default: -1)))
    case .string: return try Tensor(strings: [try attributes.string("default_string", default: "_Unused")], shape: [])
    case .float64: return try Tensor.scalar(-0.0)
    case .int16: return try Tensor.scalar(Int16(-1))
    default: return try Tensor.scalar(Int32(-1))
    }
  }

  public func encode(into attributes: inout Attributes) {
    for (family, tensor) in [("keys", keys), ("values", values)] {
      switch tensor.dtype {
      case .float32: attributes.set("\(family)_floats", tensor.elements(as: Float.self) ?? [])
      case .int64: attributes.set("\(family)_int64s", tensor.integers() ?? [])
      case .string: attributes.set("\(family)_strings", tensor.strings ?? [])
      default: attributes.set("\(family)_tensor", tensor)
      }
    }
    switch fallback.dtype {
    case .float32: attributes.set("default_float", fallback.elements(as: Float.self)?.first ?? -0.0)
    case .int64: attributes.set("default_int64", fallback.integers()?.first ?? -1)
    case .string: attributes.set("default_string", fallback.strings?.first ?? "_Unused")
    default: attributes.set("default_tensor", fallback)
    }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    guard type.dtype == keys.dtype else {
      throw .invalid("operator/dtype", "LabelEncoder has keys of \(keys.dtype), but is given \(type)")
    }
    return [.tensor(TensorType(values.dtype, type.shape))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let x = try inputs.required(0)
    var places: [LabelKey: Int] = [:]
    for (place, key) in LabelKey.all(of: keys).enumerated() { places[key] = place }
    let labels = LabelKey.all(of: x)
    return [
      try Tensor(dtype: values.dtype, shape: x.shape, copying: [values, fallback]) { emit in
        for label in labels {
          let place = places[label]
          emit(ElementRun(source: place == nil ? 1 : 0, start: place ?? 0, count: 1))
        }
      }
    ]
  }
}

/// A label that can be looked up.
private enum LabelKey: Hashable {
  case text([UInt8])
  case integer(Int)
  /// Bits of the number, with one NaN and one zero.
  case real(UInt64)

  static func all(of tensor: Tensor) -> [LabelKey] {
    if let strings = tensor.strings { return strings.map { .text(Array($0.utf8)) } }
    if let integers = tensor.integers() { return integers.map { .integer($0) } }
    return (tensor.doubles() ?? []).map { value in
      .real(value.isNaN ? Double.nan.bitPattern : value == 0 ? 0 : value.bitPattern)
    }
  }
}
