import LatheDiagnostics
import LatheIR
import LatheTensors

/// A function of the sum of all operands, element by element, with broadcasting; in double precision, rounded once.
protocol VariadicSum: FloatEvaluable, AttributeFree, Elementwise {
  /// The result for the sum of `count` elements.
  static func finish(_ sum: Double, count: Int) -> Double
}

extension VariadicSum {
  /// Formal operands of every such operator.
  static func formal(_ name: String, since version: Int, output: String) -> OperatorSchema {
    OperatorSchema(
      name, since: version,
      inputs: [.init("data_0", "T", .floats, .variadic)],
      outputs: [.init(output, "T", .floats)])
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] { try inputs.broadcastType() }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let count = inputs.count
    var sum = try Broadcasting.map(try inputs.required(0)) { (x: T) in x.wide }
    for position in inputs.indices.dropFirst() {
      sum = try Broadcasting.map(sum, try inputs.required(position)) { (x: Double, y: T) in x + y.wide }
    }
    return [try Broadcasting.map(sum) { (x: Double) in T(double: Self.finish(x, count: count)) }]
  }
}
