import LatheDiagnostics
import LatheIR
import LatheTensors

/// A binary operator without attributes whose result has the type of its operands, with multidirectional broadcasting.
protocol BinaryArithmetic: NumericEvaluable, AttributeFree, ShapeArithmetic, Elementwise {
  /// The result for one pair of elements.
  static func apply<T: NumericElement>(_ a: T, _ b: T) -> T
  /// The result for two dimensions; unknown where it cannot be told.
  static func apply(_ a: Dimension, _ b: Dimension) -> Dimension
}

extension BinaryArithmetic {
  /// Formal operands of every such operator.
  static func formal(_ name: String, since version: Int) -> OperatorSchema {
    OperatorSchema(
      name, since: version,
      inputs: [.init("A", "T", .numeric), .init("B", "T", .numeric)],
      outputs: [.init("C", "T", .numeric)])
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] { try inputs.broadcastType() }

  public func elements(_ inputs: [Operand?]) -> [[Dimension]?] {
    [inputs.pairedElements { Self.apply($0, $1) }]
  }

  func compute<T: NumericElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let (a, b) = try inputs.pair()
    return [try Broadcasting.map(a, b, ArithmeticPair<Self, T>())]
  }
}

/// One arithmetic operator on one element type.
struct ArithmeticPair<Op: BinaryArithmetic, T: NumericElement>: PairFunction {
  func callAsFunction(_ a: T, _ b: T) -> T { Op.apply(a, b) }
}

extension [Operand?] {
  /// The broadcast shape of all inputs with the element type of the first.
  func broadcastType() throws(Diagnostic) -> [ValueType] {
    let types = try tensors()
    guard let first = types.first else { throw .invalid("operator/inputs", "at least one input is needed") }
    return [.tensor(TensorType(first.dtype, try Broadcasting.shape(of: types)))]
  }

  /// `body` over the followed elements of two broadcast integer tensors; nil if either is not followed, or could wrap.
  func pairedElements(_ body: (Dimension, Dimension) -> Dimension) -> [Dimension]? {
    guard count == 2, let first = self[0], let second = self[1], first.isExactInteger, let a = first.followed,
      let b = second.followed, a.count == b.count || a.count == 1 || b.count == 1
    else { return nil }
    let length = a.count == 1 ? b.count : a.count
    return (0..<length).map { body(a[a.count == 1 ? 0 : $0], b[b.count == 1 ? 0 : $0]) }
  }
}

extension Operand {
  /// Whether elements are integers wide enough that arithmetic on extents does not wrap.
  var isExactInteger: Bool { type.tensor.map { $0.dtype == .int64 || $0.dtype == .int32 } ?? false }

  /// Elements of a tensor of rank 0 or 1 as dimensions, truth values as 0 and 1.
  var followed: [Dimension]? {
    if let elements { return elements }
    guard let constant, constant.dtype == .bool, constant.rank <= 1, constant.elementCount <= Self.maximumElements
    else {
      return nil
    }
    return constant.codes?.map { .known(Int($0)) }
  }
}

extension Tensor {
  /// Refuses zeros among integer divisors.
  ///
  /// - Throws: `operator/division-by-zero`.
  func checkDivisors<T: NumericElement>(as type: T.Type, for name: OperatorName) throws(Diagnostic) {
    guard dtype.isInteger, withElements(as: T.self, { $0.contains(T.zero) }) else { return }
    throw .invalid("operator/division-by-zero", "\(name) divides the integers \(dtype)\(shape) by zero")
  }
}
