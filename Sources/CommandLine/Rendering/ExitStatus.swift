import ArgumentParser
import LatheDiagnostics
import LathePlugins

extension Diagnostic.Category {
  /// The process's exit code: sysexits.h where it has one.
  var exitCode: ExitCode {
    switch self {
    case .brokenPromise: ExitCode(1)
    case .usage: ExitCode(64)
    case .invalidInput: ExitCode(65)
    case .missingInput: ExitCode(66)
    case .internalFault: ExitCode(70)
    case .unwritableOutput: ExitCode(73)
    }
  }
}

/// Runs a subcommand's work; a diagnostic is printed to standard error and becomes its exit code.
func reportingDiagnostics(_ work: () throws(Diagnostic) -> Void) throws {
  defer { Supervisor.announceEnd() }
  do throws(Diagnostic) {
    try work()
    try Terminal.checkOutput()
  } catch {
    Terminal.error.write(DiagnosticRenderer(terminal: .error).render(error))
    throw error.category.exitCode
  }
}
