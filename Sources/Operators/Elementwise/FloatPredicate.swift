import LatheDiagnostics
import LatheIR
import LatheTensors

/// A question about one float, those of 8 bits included, element by element.
protocol FloatPredicate: Evaluable, Elementwise {
  func holds(_ x: Double) -> Bool
}

extension FloatPredicate {
  /// Formal operands of every such operator.
  static func formal(_ name: String, since version: Int, attributes: [String: Attribute.Kind] = [:]) -> OperatorSchema {
    let domain = DTypeDomain.floats.union([.float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz])
    return OperatorSchema(
      name, since: version, inputs: [.init("X", "T1", domain)], outputs: [.init("Y", "T2", .bool)],
      attributes: attributes)
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    [.tensor(TensorType(.bool, try inputs.tensor(0).shape))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let input = try inputs.required(0)
    switch input.dtype {
    case .float32: return [try Broadcasting.map(input) { (x: Float) in holds(Double(x)) }]
    case .float64: return [try Broadcasting.map(input) { (x: Double) in holds(x) }]
    case .float16: return [try Broadcasting.map(input) { (x: Float16) in holds(Double(x)) }]
    case .bfloat16: return [try Broadcasting.map(input) { (x: BFloat16) in holds(x.double) }]
    default:
      guard let format = MinifloatFormat(input.dtype), let codes = input.codes else {
        throw name.unsupported(input.dtype)
      }
      return [try Tensor(codes.map { holds(Double(format.decode($0))) }, shape: input.shape)]
    }
  }
}
