import LatheDiagnostics
import LatheTensors

/// Consecutive positions of a result along one axis and where their elements come from.
struct AxisRun {
  enum Source {
    /// Positions of the input from `start`, each `step` after the one before: 1, 0 or −1.
    case input(start: Int, step: Int)
    /// A value from outside the input.
    case fill
  }

  var source: Source
  var count: Int

  /// Positions start, start + step, ….
  static func input(_ start: Int, _ count: Int, step: Int = 1) -> AxisRun {
    AxisRun(source: .input(start: start, step: step), count: count)
  }

  /// As many fill values.
  static func fill(_ count: Int) -> AxisRun { AxisRun(source: .fill, count: count) }
}

extension Tensor {
  /// The tensor whose element at each crossing of positions is the input's, or `fill` where one of the runs says so.
  ///
  /// - Precondition: there is one list of runs for each axis, and they stay inside the input.
  /// - Throws: `tensor/shape` if the result is too large to be counted.
  func picked(_ runs: [[AxisRun]], fill: Tensor? = nil) throws(Diagnostic) -> Tensor {
    let shape = runs.map { $0.reduce(0) { $0 + $1.count } }
    let count = try Tensor.elementCount(of: shape)
    var padding = try Tensor.zeros(dtype, [1])
    if let fill { padding = try fill.reshaped(to: [1]) }
    padding = try padding.broadcast(to: [Swift.min(count, 1024)])
    guard count > 0 else { return try Tensor(dtype: dtype, shape: shape, copying: [self]) { _ in } }
    let plan = PickPlan(runs: runs, input: self.shape, output: shape, paddingLength: padding.elementCount)
    return try Tensor(dtype: dtype, shape: shape, copying: [self, padding]) { emit in plan.visit(0, 0, emit) }
  }

  /// Zeros, empty strings or false.
  static func zeros(_ dtype: DType, _ shape: [Int]) throws(Diagnostic) -> Tensor {
    guard dtype == .string else { return try Tensor(dtype: dtype, shape: shape) { _ in } }
    return try Tensor(strings: Array(repeating: "", count: try elementCount(of: shape)), shape: shape)
  }
}

private struct PickPlan {
  let runs: [[AxisRun]]
  let strides: [Int]
  /// Elements of the result under one position of each axis.
  let lengths: [Int]
  /// Axes before the ones that are copied whole.
  let depth: Int
  let paddingLength: Int

  init(runs: [[AxisRun]], input: [Int], output: [Int], paddingLength: Int) {
    self.runs = runs
    self.paddingLength = paddingLength
    strides = StridedLayout.rowMajorStrides(input)
    lengths = StridedLayout.rowMajorStrides(output)
    var depth = runs.count
    while depth > 0, Self.isWhole(runs[depth - 1], input[depth - 1]) { depth -= 1 }
    self.depth = depth
  }

  private static func isWhole(_ runs: [AxisRun], _ extent: Int) -> Bool {
    guard runs.count == 1, case .input(0, 1) = runs[0].source else { return false }
    return runs[0].count == extent
  }

  func visit(_ axis: Int, _ start: Int, _ emit: (ElementRun) -> Void) {
    guard axis < depth else {
      let count = axis == 0 ? runs.indices.reduce(1) { $0 * runs[$1][0].count } : lengths[axis - 1]
      return emit(ElementRun(source: 0, start: start, count: count))
    }
    for run in runs[axis] {
      switch run.source {
      case .fill: pad(run.count * lengths[axis], emit)
      case .input(let first, 1) where axis == depth - 1:
        emit(ElementRun(source: 0, start: start + first * strides[axis], count: run.count * lengths[axis]))
      case .input(let first, let step):
        for index in 0..<run.count { visit(axis + 1, start + (first + index * step) * strides[axis], emit) }
      }
    }
  }

  private func pad(_ count: Int, _ emit: (ElementRun) -> Void) {
    var left = count
    while left > 0 {
      emit(ElementRun(source: 1, start: 0, count: Swift.min(left, paddingLength)))
      left -= paddingLength
    }
  }
}
