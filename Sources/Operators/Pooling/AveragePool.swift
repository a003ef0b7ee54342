import LatheDiagnostics
import LatheIR
import LatheTensors

/// Means of moving windows, over the elements inside the input or, on demand, inside its padding too.
public struct AveragePool: FloatEvaluable, Pooling {
  public static let schema = OperatorSchema(
    "AveragePool", since: 22,
    inputs: [.init("X", "T", .floats)],
    outputs: [.init("Y", "T", .floats)],
    attributes: attributeKinds.merging(["count_include_pad": .integer]) { first, _ in first })

  /// How the window moves.
  public var window: SlidingWindow
  /// Whether padding counts as elements of 0.
  public var countsPadding: Bool

  public init(window: SlidingWindow, countsPadding: Bool = false) {
    self.window = window
    self.countsPadding = countsPadding
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    window = try SlidingWindow(decoding: attributes, needsKernel: true)
    countsPadding = try attributes.flag("count_include_pad", default: false)
  }

  public func encode(into attributes: inout Attributes) {
    window.encode(into: &attributes)
    if countsPadding { attributes.set("count_include_pad", true) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let x = try inputs.tensor(0)
    return [.tensor(TensorType(x.dtype, try pooledShape(x)))]
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let x = try inputs.required(0)
    let grid = try grid(x)
    let sizes = countsPadding ? (0..<grid.outputCount).map { grid.paddedCount($0) } : []
    let y = try Tensor(of: T.self, shape: x.shape[..<2] + grid.output) { (target: UnsafeMutableBufferPointer<T>) in
      x.withElements(as: T.self) { source in
        forEachWindow(x, grid) { place, window, elements, start in
          var (sum, count) = (0.0, 0)
          for element in 0..<elements.count where elements[element] >= 0 {
            sum += source[start + elements[element]].wide
            count += 1
          }
          target[place] = T(double: sum / Double(countsPadding ? sizes[window] : count))
        }
      }
    }
    return [y]
  }
}
