internal import Foundation
import LatheDiagnostics
import LatheTensors
import Synchronization

/// Memory for results that leave a run, used again when nobody holds them any more: the system would have to clear it anew each time.
final class BufferPool: Sendable {
  /// Kept at most; more goes back to the system.
  private static let maximumBytes = 1 << 26

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

  /// A tensor whose bytes hold anything before they are written.
  ///
  /// - Throws: `tensor/out-of-memory`.
  func tensor(_ type: StaticType) throws(Diagnostic) -> Tensor {
    let capacity = Self.capacity(type.byteCount)
    guard let start = take(capacity) else {
      throw .invalid("tensor/out-of-memory", "cannot allocate \(type.byteCount) bytes for a tensor")
    }
    let lease = Lease(start, capacity, self)
    // A Boolean may be neither 0 nor 1 before it is written, which a tensor would be copied for.
    if type.dtype == .bool { memset(start, 0, type.byteCount) }
    let storage = TensorStorage(bytes: UnsafeRawBufferPointer(start: start, count: type.byteCount), owner: lease)
    return try Tensor(dtype: type.dtype, shape: type.shape, storage: storage)
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
    return posix_memalign(&made, ArenaLayout.alignment, capacity) == 0 ? made : nil
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
