import LatheDiagnostics
import LatheIR
import LatheTensors

/// The indices of all elements other than zero, false and empty text, as [rank, count] in row-major order.
public struct NonZero: Evaluable, AttributeFree {
  public static let schema = OperatorSchema(
    "NonZero", since: 13,
    inputs: [.init("X", "T", .movable)],
    outputs: [.init("Y", "", .int64)])

  public init() {}

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let rank = try inputs.tensor(0).rank
    var count = 0
    inputs.optional(0)?.constant?.forEachNonZero { _ in count += 1 }
    let columns: Dimension = inputs.optional(0)?.constant == nil ? .unknown : .known(count)
    return [.tensor(TensorType(.int64, [rank.map { .known($0) } ?? .unknown, columns]))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let x = try inputs.required(0)
    let shape = try concreteShape(inputs)
    let strides = StridedLayout.rowMajorStrides(x.shape)
    let (count, extents) = (shape[1], x.shape)
    let result = try Tensor(of: Int64.self, shape: shape) { (target: UnsafeMutableBufferPointer<Int64>) in
      var column = 0
      x.forEachNonZero { position in
        for axis in extents.indices {
          target[axis * count + column] = Int64(position / strides[axis] % extents[axis])
        }
        column += 1
      }
    }
    return [result]
  }
}

extension Tensor {
  /// Calls `body` with the position of every element that is not zero, false, or empty text, in order.
  fileprivate func forEachNonZero(_ body: (Int) -> Void) {
    if let strings {
      for (position, text) in strings.enumerated() where !text.isEmpty { body(position) }
      return
    }
    // Without their sign bits, −0 and 0 are the same.
    withBytes { raw in
      switch dtype {
      case .float16, .bfloat16: Self.scan(raw.bindMemory(to: UInt16.self), mask: 0x7FFF, body)
      case .float32: Self.scan(raw.bindMemory(to: UInt32.self), mask: .max >> 1, body)
      case .float64: Self.scan(raw.bindMemory(to: UInt64.self), mask: .max >> 1, body)
      case .complex64: Self.scan(raw.bindMemory(to: UInt64.self), mask: 0x7FFF_FFFF_7FFF_FFFF, body)
      case .complex128:
        let mask = UInt128(UInt64.max >> 1)
        Self.scan(raw.bindMemory(to: UInt128.self), mask: mask << 64 | mask, body)
      default:
        switch dtype.bitWidth {
        case 8: Self.scan(raw.bindMemory(to: UInt8.self), mask: .max, body)
        case 16: Self.scan(raw.bindMemory(to: UInt16.self), mask: .max, body)
        case 32: Self.scan(raw.bindMemory(to: UInt32.self), mask: .max, body)
        default: Self.scan(raw.bindMemory(to: UInt64.self), mask: .max, body)
        }
      }
    }
  }

  private static func scan<U: FixedWidthInteger>(_ bits: UnsafeBufferPointer<U>, mask: U, _ body: (Int) -> Void) {
    for position in bits.indices where bits[position] & mask != 0 { body(position) }
  }
}
