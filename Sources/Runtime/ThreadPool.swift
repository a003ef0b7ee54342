internal import CLatheKernels
import LatheDiagnostics

/// The threads that kernels share, and the instruction set they use.
final class ThreadPool: @unchecked Sendable {
  let handle: OpaquePointer
  let kernels: UnsafePointer<lathe_kernels>
  let threads: Int

  /// - Throws: `runtime/threads` if the system gives no threads.
  init(threads: Int, instructions: InstructionSet) throws(Diagnostic) {
    guard let handle = lathe_pool_create(Int32(threads)) else {
      throw Diagnostic("runtime/threads", .internalFault, "\(threads) threads cannot be started")
    }
    self.handle = handle
    self.threads = threads
    kernels = lathe_kernels_for(instructions.code)
  }

  deinit { lathe_pool_destroy(handle) }
}
