import LatheDiagnostics
import LatheIR
import LatheTensors

/// Largest elements of moving windows, and their positions in the whole flattened input.
///
/// Of equal elements the first is taken. A window that lies in the padding altogether gives the type's least value and −1.
public struct MaxPool: Evaluable, Pooling {
  private static let types = DTypeDomain.floats.union(.bytes)

  public static let schema = OperatorSchema(
    "MaxPool", since: 22,
    inputs: [.init("X", "T", types)],
    outputs: [.init("Y", "T", types), .init("Indices", "I", .int64, .optional)],
    attributes: attributeKinds.merging(["storage_order": .integer]) { first, _ in first })

  /// How the window moves.
  public var window: SlidingWindow
  /// Whether positions are counted with the first spatial axis running fastest.
  public var isColumnMajor: Bool

  public init(window: SlidingWindow, isColumnMajor: Bool = false) {
    self.window = window
    self.isColumnMajor = isColumnMajor
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    window = try SlidingWindow(decoding: attributes, needsKernel: true)
    isColumnMajor = try attributes.flag("storage_order", default: false)
  }

  public func encode(into attributes: inout Attributes) {
    window.encode(into: &attributes)
    if isColumnMajor { attributes.set("storage_order", true) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let x = try inputs.tensor(0)
    let shape = try pooledShape(x)
    return [.tensor(TensorType(x.dtype, shape)), .tensor(TensorType(.int64, shape))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let x = try inputs.required(0)
    switch x.dtype {
    case .float32: return try pooled(x, as: Float.self)
    case .float64: return try pooled(x, as: Double.self)
    case .float16: return try pooled(x, as: Float16.self)
    case .bfloat16: return try pooled(x, as: BFloat16.self)
    case .int8: return try pooled(x, as: Int8.self)
    case .uint8: return try pooled(x, as: UInt8.self)
    default: throw name.unsupported(x.dtype)
    }
  }

  private func pooled<T: NumericElement>(_ x: Tensor, as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let grid = try grid(x)
    let shape = x.shape[..<2] + grid.output
    let least = T(double: -.infinity)
    var positions = [Int64](repeating: -1, count: shape.clampedProduct)
    let y = try Tensor(of: T.self, shape: Array(shape)) { (target: UnsafeMutableBufferPointer<T>) in
      x.withElements(as: T.self) { source in
        forEachWindow(x, grid) { place, _, elements, start in
          var (largest, position) = (least, -1)
          for element in 0..<elements.count where elements[element] >= 0 {
            let value = source[start + elements[element]]
            guard position < 0 || value > largest else { continue }
            (largest, position) = (value, elements[element])
          }
          target[place] = largest
          if position >= 0 {
            positions[place] = Int64(start + (isColumnMajor ? Self.turned(position, grid.input) : position))
          }
        }
      }
    }
    return [y, try Tensor(positions, shape: Array(shape))]
  }

  /// A row-major position counted in column-major order.
  private static func turned(_ position: Int, _ shape: [Int]) -> Int {
    let coordinates = WindowGrid.coordinates(position, in: shape)
    return zip(coordinates, shape).reversed().reduce(0) { $0 * $1.1 + $1.0 }
  }
}
