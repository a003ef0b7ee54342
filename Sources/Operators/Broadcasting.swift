import LatheDiagnostics
import LatheIR
import LatheTensors

/// ONNX's multidirectional broadcasting, for inference and evaluation.
enum Broadcasting {
  /// The shape that the types broadcast to; nil if a rank is unknown.
  ///
  /// - Throws: `operator/broadcast` if two dimensions are provably different and neither is 1.
  static func shape(of types: [TensorType]) throws(Diagnostic) -> Shape? {
    var result: Shape = []
    for type in types {
      guard let shape = type.shape else { return nil }
      while result.count < shape.count { result.insert(.known(1), at: 0) }
      for (offset, dimension) in shape.enumerated() {
        let position = result.count - shape.count + offset
        result[position] = try combine(result[position], dimension, types)
      }
    }
    return result
  }

  private static func combine(_ a: Dimension, _ b: Dimension, _ types: [TensorType]) throws(Diagnostic) -> Dimension {
    if a == b { return a }
    if a == .known(1) { return b }
    if b == .known(1) { return a }
    if let one = a.known, let two = b.known, one != two {
      let shapes = types.map(\.description).joined(separator: " and ")
      throw .invalid("operator/broadcast", "\(shapes) do not broadcast: \(one) against \(two)")
    }
    // A known extent over 1 decides; a symbol may still turn out to be 1. Where one is never larger than the other, as
    // min(seq, 512) and seq, the two are equal or the smaller is 1.
    if a.known != nil { return a }
    if b.known != nil { return b }
    if (a - b).isProvablyNonNegative { return a }
    if (b - a).isProvablyNonNegative { return b }
    return .unknown
  }

  /// The concrete shape that `tensors` broadcast to.
  static func shape(of tensors: [Tensor]) throws(Diagnostic) -> [Int] {
    guard let shape = StridedLayout.broadcast(tensors.map(\.shape)) else {
      let shapes = tensors.map { "\($0.dtype)\($0.shape)" }.joined(separator: " and ")
      throw .invalid("operator/broadcast", "\(shapes) do not broadcast")
    }
    return shape
  }

  /// `body` over every pair of broadcast elements.
  static func map<A: TensorElement, B: TensorElement, R: TensorElement>(
    _ a: Tensor, _ b: Tensor, _ body: @escaping (A, B) -> R
  ) throws(Diagnostic) -> Tensor {
    try map(a, b, ClosurePair(body: body))
  }

  /// `function` of every pair of broadcast elements.
  static func map<F: PairFunction>(_ a: Tensor, _ b: Tensor, _ function: F) throws(Diagnostic) -> Tensor {
    let shape = try shape(of: [a, b])
    guard let left = StridedLayout(broadcasting: a.shape, to: shape),
      let right = StridedLayout(broadcasting: b.shape, to: shape)
    else { throw .invalid("operator/broadcast", "\(a.shape) and \(b.shape) do not broadcast to \(shape)") }
    return try Tensor(of: F.R.self, shape: shape) { (target: UnsafeMutableBufferPointer<F.R>) in
      a.withElements(as: F.A.self) { x in
        b.withElements(as: F.B.self) { y in
          PairedRows.forEach(left, right) { start, one, other, count in
            mapRow(x, one, y, other, count, into: target, at: start, function)
          }
        }
      }
    }
  }
}

extension Broadcasting {
  /// One row; the strides that rows nearly always have get loops of their own, which the compiler vectorizes.
  @inline(__always)
  private static func mapRow<F: PairFunction>(
    _ x: UnsafeBufferPointer<F.A>, _ one: PairedRows.Row, _ y: UnsafeBufferPointer<F.B>, _ other: PairedRows.Row,
    _ count: Int, into target: UnsafeMutableBufferPointer<F.R>, at start: Int, _ function: F
  ) {
    guard let x = x.baseAddress, let y = y.baseAddress, let target = target.baseAddress else { return }
    let (left, right, result) = (x + one.start, y + other.start, target + start)
    switch (one.stride, other.stride) {
    case (1, 1): for step in 0..<count { result[step] = function(left[step], right[step]) }
    case (1, 0):
      let fixed = right[0]
      for step in 0..<count { result[step] = function(left[step], fixed) }
    case (0, 1):
      let fixed = left[0]
      for step in 0..<count { result[step] = function(fixed, right[step]) }
    default: for step in 0..<count { result[step] = function(left[step * one.stride], right[step * other.stride]) }
    }
  }

  /// `body` over every element of one tensor.
  @inline(__always)
  static func map<A: TensorElement, R: TensorElement>(_ a: Tensor, _ body: (A) -> R) throws(Diagnostic) -> Tensor {
    try Tensor(of: R.self, shape: a.shape) { (target: UnsafeMutableBufferPointer<R>) in
      a.withElements(as: A.self) { source in
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        for index in 0..<a.elementCount { to[index] = body(from[index]) }
      }
    }
  }
}

/// A function of two elements whose type says which function it is, so that loops over it are compiled for it.
protocol PairFunction {
  associatedtype A: TensorElement
  associatedtype B: TensorElement
  associatedtype R: TensorElement

  func callAsFunction(_ a: A, _ b: B) -> R
}

/// Any other function of two elements.
struct ClosurePair<A: TensorElement, B: TensorElement, R: TensorElement>: PairFunction {
  let body: (A, B) -> R

  func callAsFunction(_ a: A, _ b: B) -> R { body(a, b) }
}

/// Walks two layouts of one shape together, innermost rows first.
enum PairedRows {
  typealias Row = (start: Int, stride: Int)

  @inline(__always)
  static func forEach(
    _ a: StridedLayout, _ b: StridedLayout, _ body: (_ position: Int, _ a: Row, _ b: Row, _ count: Int) -> Void
  ) {
    guard !a.shape.contains(0) else { return }
    let count = a.shape.last ?? 1
    let outer = Swift.max(0, a.shape.count - 1)
    let steps = (a.strides.last ?? 1, b.strides.last ?? 1)
    var index = [Int](repeating: 0, count: outer)
    var (left, right, position) = (a.offset, b.offset, 0)
    while true {
      body(position, (left, steps.0), (right, steps.1), count)
      position += count
      var axis = outer - 1
      while axis >= 0 {
        index[axis] += 1
        left += a.strides[axis]
        right += b.strides[axis]
        if index[axis] < a.shape[axis] { break }
        left -= a.strides[axis] * a.shape[axis]
        right -= b.strides[axis] * b.shape[axis]
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }
}
