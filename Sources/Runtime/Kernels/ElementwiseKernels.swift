internal import CLatheKernels
import LatheIR
import LatheOperators
import LatheTensors

/// A function of each element.
struct ActivationKernel: Kernel {
  enum Function {
    case activation(lathe_activation)
    case exponential, errorFunction
  }

  private let x, y: ValueID
  private let count: Int
  private let function: Function

  var replaceableOperands: [Int] { [0] }

  init?(_ site: KernelSite, _ function: Function) {
    guard let (x, shape) = site.floats(0), let (y, _) = site.onlyOutput, site.node.inputs.count == 1 else { return nil }
    (self.x, self.y, count, self.function) = (x, y, shape.reduce(1, *), function)
  }

  func run(_ memory: Memory, on pool: ThreadPool) -> Bool {
    var map = lathe_map_f32()
    (map.x, map.y) = (UnsafePointer(memory.floats(x)), memory.floats(y))
    switch function {
    case .activation(let activation):
      map.activation = activation
      lathe_parallel_activation_f32(pool.handle, pool.kernels, &map, count)
    case .exponential: lathe_parallel_exp_f32(pool.handle, pool.kernels, &map, count)
    case .errorFunction: lathe_parallel_erf_f32(pool.handle, pool.kernels, &map, count)
    }
    return true
  }
}

/// Sums, differences, products and quotients in which the second operand repeats along outer axes or along inner ones.
struct BinaryKernel: Kernel {
  private let a, b, y: ValueID
  private let rows, width, stride: Int
  private let isColumn: Bool
  private let operation: lathe_binary

  let replaceableOperands: [Int]

  init?(_ site: KernelSite, _ operation: lathe_binary) {
    guard site.node.inputs.count == 2, let first = site.floats(0), let second = site.floats(1), let (y, result) = site.onlyOutput else {
      return nil
    }
    let isCommutative = operation == LATHE_BINARY_ADD || operation == LATHE_BINARY_MUL
    let exchanges = isCommutative && first.shape != result
    let (a, b) = exchanges ? (second, first) : (first, second)
    guard a.shape == result, let layout = Self.layout(b.shape, result) else { return nil }
    (self.a, self.b, self.y, self.operation) = (a.id, b.id, y, operation)
    (rows, width, stride, isColumn) = layout
    replaceableOperands = exchanges ? [1] : first.shape == second.shape ? [0, 1] : [0]
  }

  /// How the rows of the result meet `shape`; nil where it repeats in the middle.
  private static func layout(_ shape: [Int], _ result: [Int]) -> (rows: Int, width: Int, stride: Int, isColumn: Bool)? {
    let count = result.reduce(1, *)
    let own = Array(repeating: 1, count: result.count - shape.count) + shape
    let leading = own.prefix { $0 == 1 }.count
    if own[leading...].elementsEqual(result[leading...]) {
      let width = result[leading...].reduce(1, *)
      if width == 1 { return (1, count, 0, true) }
      return (width == 0 ? 0 : count / width, width, leading == 0 ? width : 0, false)
    }
    let kept = zip(own, result).prefix { $0 == $1 }.count
    guard own[kept...].allSatisfy({ $0 == 1 }) else { return nil }
    let width = result[kept...].reduce(1, *)
    return (width == 0 ? 0 : count / width, width, 1, true)
  }

  func run(_ memory: Memory, on pool: ThreadPool) -> Bool {
    var binary = lathe_binary_f32()
    (binary.width, binary.op) = (width, operation)
    (binary.a, binary.a_stride) = (UnsafePointer(memory.floats(a)), width)
    (binary.b, binary.b_stride, binary.is_b_column) = (UnsafePointer(memory.floats(b)), stride, isColumn)
    (binary.y, binary.y_stride) = (memory.floats(y), width)
    lathe_parallel_binary_f32(pool.handle, pool.kernels, &binary, rows)
    return true
  }
}

/// Conversions of a mask: from integers to Booleans and floats.
struct CastKernel: Kernel {
  private let x, y: ValueID
  private let count: Int
  private let source, target: DType

  init?(_ site: KernelSite) {
    guard let from = site.input(0), let to = site.outputs.first ?? nil, let x = site.node.inputs[0], let y = site.node.outputs[0],
      from.dtype == .int64 || from.dtype == .int32, [.bool, .float32, .int32].contains(to.dtype), site.node.outputs.count == 1
    else { return nil }
    (self.x, self.y, count, source, target) = (x, y, from.elementCount, from.dtype, to.dtype)
  }

  func run(_ memory: Memory, on pool: ThreadPool) -> Bool {
    guard let from = memory.addresses[x.index], let to = memory.addresses[y.index] else { return count == 0 }
    source == .int64 ? convert(from.assumingMemoryBound(to: Int64.self), to) : convert(from.assumingMemoryBound(to: Int32.self), to)
    return true
  }

  private func convert<T: FixedWidthInteger>(_ from: UnsafePointer<T>, _ to: UnsafeMutableRawPointer) {
    switch target {
    case .bool:
      let to = to.assumingMemoryBound(to: UInt8.self)
      for index in 0..<count { to[index] = from[index] == 0 ? 0 : 1 }
    case .float32:
      let to = to.assumingMemoryBound(to: Float.self)
      for index in 0..<count { to[index] = Float(from[index]) }
    default:
      let to = to.assumingMemoryBound(to: Int32.self)
      for index in 0..<count { to[index] = Int32(truncatingIfNeeded: from[index]) }
    }
  }
}

/// A choice between two floats for each Boolean.
struct WhereKernel: Kernel {
  private let condition, yes, no, y: ValueID
  private let count: Int

  init?(_ site: KernelSite) {
    guard let condition = site.input(0), let (y, result) = site.onlyOutput, condition.shape == result,
      let (yes, one) = site.floats(1), let (no, other) = site.floats(2), one.allSatisfy({ $0 == 1 }), other.allSatisfy({ $0 == 1 }),
      let mask = site.node.inputs[0]
    else { return nil }
    (self.condition, self.yes, self.no, self.y, count) = (mask, yes, no, y, condition.elementCount)
  }

  func run(_ memory: Memory, on pool: ThreadPool) -> Bool {
    guard let mask = memory.addresses[condition.index]?.assumingMemoryBound(to: UInt8.self), let y = memory.floats(y),
      let yes = memory.floats(yes)?.pointee, let no = memory.floats(no)?.pointee
    else { return count == 0 }
    for index in 0..<count { y[index] = mask[index] == 0 ? no : yes }
    return true
  }
}
