/// One thing that went wrong (or is worth knowing): what, where, and what to do about it.
///
/// Diagnostics are values. They are thrown by every module of Lathe and turned into text only by the command line.
public struct Diagnostic: Error, Sendable, Hashable {
  /// How bad it is.
  public enum Severity: String, Sendable, Hashable {
    case error, warning
  }

  /// Whose fault it is, which decides the exit code of the command line.
  public enum Category: String, Sendable, Hashable {
    /// The command was called wrongly.
    case usage
    /// The bytes, graph or samples given are bad, or ask for something unsupported.
    case invalidInput
    /// A file that was named does not exist or cannot be opened.
    case missingInput
    /// The output cannot be written.
    case unwritableOutput
    /// A promise, budget or tolerance was not kept.
    case brokenPromise
    /// A defect in Lathe itself.
    case internalFault
  }

  /// Stable identifier, `module/what-is-wrong` in kebab-case, for example `onnx/raw-data-length`.
  public var id: String
  public var category: Category
  public var severity: Severity
  /// One sentence that says what is wrong, with the values involved.
  public var message: String
  public var location: Location
  /// Further facts, one line each.
  public var notes: [String]
  /// What the user can do, as an imperative sentence.
  public var fix: String?

  public init(
    _ id: String, _ category: Category, _ message: String, at location: Location = Location(), notes: [String] = [],
    fix: String? = nil, severity: Severity = .error
  ) {
    self.id = id
    self.category = category
    self.severity = severity
    self.message = message
    self.location = location
    self.notes = notes
    self.fix = fix
  }

  /// An error about the content of an input: exit code 65.
  public static func invalid(
    _ id: String, _ message: String, at location: Location = Location(), notes: [String] = [], fix: String? = nil
  ) -> Diagnostic {
    Diagnostic(id, .invalidInput, message, at: location, notes: notes, fix: fix)
  }

  /// A remark that does not stop the work.
  public static func warning(
    _ id: String, _ message: String, at location: Location = Location(), notes: [String] = [], fix: String? = nil
  ) -> Diagnostic {
    Diagnostic(id, .invalidInput, message, at: location, notes: notes, fix: fix, severity: .warning)
  }

  /// The same diagnostic with the parts of `outer` that its own location leaves open.
  public func located(in outer: Location) -> Diagnostic {
    var copy = self
    copy.location = location.filled(from: outer)
    return copy
  }
}
