internal import Foundation
import LatheDiagnostics
import LatheTensors
import Synchronization

/// Memory for results, used again when nobody holds them any more: the system would have to clear it anew each time.
final class BufferPool: Sendable {
  /// Kept at most; more goes back to the system.
  private static let maximumBytes = 1 << 28
  private static let alignment = 64

  private struct State {
    var free: [Int: [UInt]] = [:]
    var bytes = 0
  }

  private let state = Mutex(State())

  deinit {
    state.withLock { state in
      for address in state.free.values.joined() { Foundation.free(UnsafeMutableRawPointer(bitPattern: address)) }
    }
  }

  /// 32-bit floats of which `body` writes every one; they hold anything before.
  ///
  /// - Throws: `tensor/out-of-memory`, and `tensor/shape` for a shape that no memory could hold.
  func tensor(_ shape: [Int], _ body: (UnsafeMutablePointer<Float>) -> Void) throws(Diagnostic) -> Tensor {
    let (bytes, overflow) = try Tensor.elementCount(of: shape).multipliedReportingOverflow(by: MemoryLayout<Float>.size)
    let capacity = overflow ? 0 : Self.capacity(bytes)
    guard !overflow, let start = take(capacity) else {
      throw .invalid("tensor/out-of-memory", "cannot allocate \(bytes) bytes for a tensor")
    }
    let lease = Lease(start, capacity, self)
    if bytes > 0 { body(start.assumingMemoryBound(to: Float.self)) }
    let storage = TensorStorage(bytes: UnsafeRawBufferPointer(start: start, count: bytes), owner: lease)
    return try Tensor(dtype: .float32, shape: shape, storage: storage)
  }

  /// Sizes come in steps of an eighth, so that feeds of similar length share buffers.
  private static func capacity(_ bytes: Int) -> Int {
    guard bytes > 4096 else { return 4096 }
    let step = max(4096, 1 << (Int.bitWidth - 1 - bytes.leadingZeroBitCount - 3))
    return (bytes + step - 1) / step * step
  }

  private func take(_ capacity: Int) -> UnsafeMutableRawPointer? {
    let known: UInt? = state.withLock { state in
      guard let address = state.free[capacity]?.popLast() else { return nil }
      state.bytes -= capacity
      return address
    }
    if let known { return UnsafeMutableRawPointer(bitPattern: known) }
    var made: UnsafeMutableRawPointer?
    return posix_memalign(&made, Self.alignment, capacity) == 0 ? made : nil
  }

  private func give(_ address: UInt, _ capacity: Int) {
    let isKept = state.withLock { state in
      guard state.bytes + capacity <= Self.maximumBytes else { return false }
      state.free[capacity, default: []].append(address)
      state.bytes += capacity
      return true
    }
    if !isKept { Foundation.free(UnsafeMutableRawPointer(bitPattern: address)) }
  }

  /// Gives a buffer back when the last tensor in it goes.
  private final class Lease: Sendable {
    private let address: UInt
    private let capacity: Int
    private let pool: BufferPool

    init(_ start: UnsafeMutableRawPointer, _ capacity: Int, _ pool: BufferPool) {
      address = UInt(bitPattern: start)
      self.capacity = capacity
      self.pool = pool
    }

    deinit { pool.give(address, capacity) }
  }
}
