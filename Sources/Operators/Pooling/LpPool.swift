internal import Foundation
import LatheDiagnostics
import LatheIR
import LatheTensors

/// (Σ |x|^p)^(1/p) over moving windows.
public struct LpPool: FloatEvaluable, Pooling {
  public static let schema = OperatorSchema(
    "LpPool", since: 22,
    inputs: [.init("X", "T", .floats)],
    outputs: [.init("Y", "T", .floats)],
    attributes: attributeKinds.merging(["p": .integer]) { first, _ in first })

  /// How the window moves.
  public var window: SlidingWindow
  /// Exponent of the norm; at least 1.
  public var p: Int

  public init(window: SlidingWindow, p: Int = 2) {
    self.window = window
    self.p = p
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    window = try SlidingWindow(decoding: attributes, needsKernel: true)
    p = try attributes.normExponent()
  }

  public func encode(into attributes: inout Attributes) {
    window.encode(into: &attributes)
    if p != 2 { attributes.set("p", p) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let x = try inputs.tensor(0)
    return [.tensor(TensorType(x.dtype, try pooledShape(x)))]
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let x = try inputs.required(0)
    let grid = try grid(x)
    let norm = Norm(p: p)
    let y = try Tensor(of: T.self, shape: x.shape[..<2] + grid.output) { (target: UnsafeMutableBufferPointer<T>) in
      x.withElements(as: T.self) { source in
        forEachWindow(x, grid) { place, _, elements, start in
          var sum = 0.0
          for element in 0..<elements.count where elements[element] >= 0 {
            sum += norm.power(source[start + elements[element]].wide)
          }
          target[place] = T(double: norm.root(sum))
        }
      }
    }
    return [y]
  }
}

/// The norm of order p.
struct Norm {
  let p: Int

  func power(_ x: Double) -> Double {
    switch p {
    case 1: Swift.abs(x)
    case 2: x * x
    default: pow(Swift.abs(x), Double(p))
    }
  }

  func root(_ sum: Double) -> Double {
    switch p {
    case 1: sum
    case 2: sum.squareRoot()
    default: pow(sum, 1 / Double(p))
    }
  }
}

extension Attributes {
  /// The attribute `p` of a norm.
  ///
  /// - Throws: `operator/attribute-value` if it is below 1.
  func normExponent() throws(Diagnostic) -> Int {
    let p = try integer("p", default: 2)
    guard p >= 1 else { throw .invalid("operator/attribute-value", "p = \(p) should be at least 1") }
    return p
  }
}
