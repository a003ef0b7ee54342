import LatheDiagnostics
import LatheIR
import LatheTensors

/// A comparison of two numbers, element by element, with broadcasting; false where either is NaN.
protocol Comparison: NumericEvaluable, AttributeFree, ShapeArithmetic, Elementwise {
  static func holds<T: NumericElement>(_ a: T, _ b: T) -> Bool
}

extension Comparison {
  /// Formal operands of a comparison of `domain`.
  static func formal(_ name: String, since version: Int, _ domain: DTypeDomain = .numeric) -> OperatorSchema {
    OperatorSchema(
      name, since: version,
      inputs: [.init("A", "T", domain), .init("B", "T", domain)],
      outputs: [.init("C", "T1", .bool)])
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    [.tensor(TensorType(.bool, try Broadcasting.shape(of: try inputs.tensors())))]
  }

  public func elements(_ inputs: [Operand?]) -> [[Dimension]?] {
    [inputs.pairedElements { Self.decide($0, $1).map { .known($0 ? 1 : 0) } ?? .unknown }]
  }

  /// The outcome for two dimensions, if it is the same whatever their symbols are.
  private static func decide(_ a: Dimension, _ b: Dimension) -> Bool? {
    if let one = a.known, let two = b.known { return holds(Int64(one), Int64(two)) }
    let difference = a - b
    if let difference = difference.known { return holds(Int64(difference), 0) }
    if difference.isProvablyPositive { return holds(Int64(1), 0) }
    return (b - a).isProvablyPositive ? holds(Int64(0), 1) : nil
  }

  func compute<T: NumericElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let (a, b) = try inputs.pair()
    return [try Broadcasting.map(a, b, ComparisonPair<Self, T>())]
  }
}

/// One comparison on one element type.
struct ComparisonPair<Op: Comparison, T: NumericElement>: PairFunction {
  func callAsFunction(_ a: T, _ b: T) -> Bool { Op.holds(a, b) }
}
