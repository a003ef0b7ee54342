import LatheDiagnostics
import LatheIR
import LatheTensors

/// An operator that combines every element with all before it on one axis, or with all behind it.
///
/// Floats are combined in double precision, and every element is rounded once; integers wrap.
protocol Cumulative: NumericEvaluable, AxisMapping {
  /// Whether an element itself is left out.
  var isExclusive: Bool { get }
  /// Whether elements are combined from the end of the axis.
  var isReverse: Bool { get }

  init(isExclusive: Bool, isReverse: Bool)

  static func combine<T: NumericElement>(_ a: T, _ b: T) -> T
  /// What no elements are combined to.
  static func identity<T: NumericElement>(of type: T.Type) -> T
}

extension Cumulative {
  /// Formal operands of both such operators.
  static func formal(_ name: String, since version: Int) -> OperatorSchema {
    OperatorSchema(
      name, since: version,
      inputs: [.init("x", "T", .wide), .init("axis", "T2", .indices)],
      outputs: [.init("y", "T", .wide)],
      attributes: ["exclusive": .integer, "reverse": .integer])
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    self.init(
      isExclusive: try attributes.flag("exclusive", default: false),
      isReverse: try attributes.flag("reverse", default: false))
  }

  public func encode(into attributes: inout Attributes) {
    if isExclusive { attributes.set("exclusive", true) }
    if isReverse { attributes.set("reverse", true) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    if let rank = type.rank, let axis = inputs.optional(1), let number = try axis.single("axis") {
      _ = try normalized(axis: number, rank: rank)
    }
    return [.tensor(type)]
  }

  func compute<T: NumericElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    if T.dtype.isFloat {
      return [try accumulated(inputs, from: T.self, in: Double.self, { $0.double }, { T(double: $0) })]
    }
    return [try accumulated(inputs, from: T.self, in: T.self, { $0 }, { $0 })]
  }

  private func accumulated<T: NumericElement, A: NumericElement>(
    _ inputs: [Tensor?], from type: T.Type, in wide: A.Type, _ widened: (T) -> A, _ narrowed: (A) -> T
  ) throws(Diagnostic) -> Tensor {
    let x = try inputs.required(0)
    guard let number = try Operand(try inputs.required(1)).single("axis") else { throw name.unsupported(x.dtype) }
    let axis = try normalized(axis: number, rank: x.rank)
    let (extent, inner) = (x.shape[axis], x.shape[(axis + 1)...].reduce(1, *))
    let lines = x.shape[..<axis].reduce(1, *) * inner
    return try Tensor(of: T.self, shape: x.shape) { (target: UnsafeMutableBufferPointer<T>) in
      x.withElements(as: T.self) { source in
        for line in 0..<lines {
          let first = (line / inner) * extent * inner + line % inner
          var sum = Self.identity(of: A.self)
          for step in 0..<extent {
            let position = first + (isReverse ? extent - 1 - step : step) * inner
            let next = Self.combine(sum, widened(source[position]))
            target[position] = narrowed(isExclusive ? sum : next)
            sum = next
          }
        }
      }
    }
  }
}

extension Operand {
  /// The number in an integer tensor of one element; nil if it is not known.
  ///
  /// - Throws: `operator/rank` if this has another number of elements.
  func single(_ role: String) throws(Diagnostic) -> Int? {
    let type = try tensor()
    if let shape = type.shape, shape.contains(where: { $0.isProvablyDifferent(from: 1) }) {
      throw .invalid("operator/rank", "the \(role) should be a scalar, but is \(type)")
    }
    return integers?.first
  }
}

extension Cumulative {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let rank = outputs.first?.rank, let given = inputs.optional(1)?.integers?.first,
      let place = try? normalized(axis: given, rank: rank)
    else { return nil }
    return .along([place], .normalized, inputs, outputs)
  }
}
