internal import CLatheKernels
internal import Foundation
import LatheDiagnostics

/// What kernels are written for.
public struct InstructionSet: Sendable, Hashable {
  let code: lathe_isa

  /// As `LATHE_ISA` spells it.
  public var name: String { String(cString: lathe_isa_name(code)) }

  /// Those of this machine, the portable one first.
  public static var available: [InstructionSet] {
    (0...LATHE_ISA_AVX512VNNI.rawValue).map { lathe_isa(rawValue: $0) }.filter(lathe_isa_available).map(InstructionSet.init)
  }

  /// The one that `LATHE_ISA` names, else the best.
  ///
  /// - Throws: `runtime/isa` if `LATHE_ISA` names none of this machine.
  public static func chosen() throws(Diagnostic) -> InstructionSet {
    guard let wanted = getenv("LATHE_ISA").map({ String(cString: $0) }) else { return InstructionSet(code: lathe_isa_best()) }
    guard let found = available.first(where: { $0.name == wanted }) else {
      throw Diagnostic(
        "runtime/isa", .usage, "LATHE_ISA is \(wanted), which this machine does not have",
        fix: "it has \(available.map(\.name).joined(separator: ", "))")
    }
    return found
  }
}
