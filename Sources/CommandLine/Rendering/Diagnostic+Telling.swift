import LatheDiagnostics

extension Diagnostic {
  /// The diagnostic after a report of it was made; where that cannot be, with a note that says so.
  func telling(_ report: () throws(Diagnostic) -> Void) -> Diagnostic {
    do throws(Diagnostic) {
      try report()
      return self
    } catch {
      var own = self
      own.notes.append("the report cannot be written either: \(error.message)")
      return own
    }
  }
}
