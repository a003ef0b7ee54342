internal import CLatheKernels
import LatheIR

/// One node's computation by a kernel, for operands of known types; values are told by their ids.
protocol Kernel: Sendable {
  /// Floats of scratch that a run needs.
  func scratchCount(threads: Int) -> Int
  /// Positions of operands in whose memory the first output may be written, if nothing else is read from it afterwards.
  var replaceableOperands: [Int] { get }
  /// Computes the outputs; false where reference evaluation has to tell what is wrong with the operands.
  func run(_ memory: Memory, on pool: ThreadPool) -> Bool
}

extension Kernel {
  func scratchCount(threads: Int) -> Int { 0 }
  var replaceableOperands: [Int] { [] }
}

/// Where the values of a run lie.
struct Memory {
  /// An address for each value, by its id; those of constants and inputs are read only.
  let addresses: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  /// For the kernel that runs.
  var scratch: UnsafeMutablePointer<Float>?

  /// The elements of a value.
  func floats(_ id: ValueID) -> UnsafeMutablePointer<Float>? {
    addresses[id.index]?.assumingMemoryBound(to: Float.self)
  }

  /// The elements of an operand that may be left out.
  func floats(_ id: ValueID?) -> UnsafeMutablePointer<Float>? { id.flatMap { floats($0) } }
}
