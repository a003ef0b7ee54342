internal import CLatheKernels
internal import Foundation
import LatheDiagnostics

/// The threads that kernels share, and the instruction set they use.
final class ThreadPool: @unchecked Sendable {
  let handle: OpaquePointer
  let kernels: UnsafePointer<lathe_kernels>
  let threads: Int
  /// Where results are kept.
  let buffers = BufferPool()

  /// - Throws: `runtime/threads` if the system gives no threads, `runtime/isa` if `LATHE_ISA` names no instruction set of this machine.
  init(threads: Int) throws(Diagnostic) {
    let isa = lathe_isa_best()
    if let wanted = getenv("LATHE_ISA").map({ String(cString: $0) }), wanted != String(cString: lathe_isa_name(isa)) {
      throw Diagnostic(
        "runtime/isa", .usage, "LATHE_ISA is \(wanted), which this machine does not have",
        fix: "it has \([LATHE_ISA_SCALAR, LATHE_ISA_AVX2].filter(lathe_isa_available).map { String(cString: lathe_isa_name($0)) }.joined(separator: ", "))")
    }
    guard let handle = lathe_pool_create(Int32(threads)) else {
      throw Diagnostic("runtime/threads", .internalFault, "\(threads) threads cannot be started")
    }
    self.handle = handle
    self.threads = threads
    kernels = lathe_kernels_for(isa)
  }

  deinit { lathe_pool_destroy(handle) }
}
