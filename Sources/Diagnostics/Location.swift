/// Where a diagnostic applies; every part is optional.
public struct Location: Sendable, Hashable {
  /// Path as the user gave it.
  public var file: String?
  /// Offset in bytes from the start of `file`.
  public var byteOffset: Int?
  /// Line in `file`, from 1.
  public var line: Int?
  /// Column in `line`, from 1.
  public var column: Int?
  /// Node, by name or by a description such as `Add → %sum`; nested graphs are joined by `/`.
  public var node: String?
  /// Value or initializer, by name.
  public var value: String?
  /// Pass, by id.
  public var pass: String?

  public init(
    file: String? = nil, byteOffset: Int? = nil, line: Int? = nil, column: Int? = nil, node: String? = nil,
    value: String? = nil, pass: String? = nil
  ) {
    self.file = file
    self.byteOffset = byteOffset
    self.line = line
    self.column = column
    self.node = node
    self.value = value
    self.pass = pass
  }

  /// Whether nothing is known.
  public var isEmpty: Bool { self == Location() }

  /// This location with its open parts taken from `outer`.
  public func filled(from outer: Location) -> Location {
    Location(
      file: file ?? outer.file, byteOffset: byteOffset ?? outer.byteOffset, line: line ?? outer.line,
      column: column ?? outer.column, node: node ?? outer.node, value: value ?? outer.value, pass: pass ?? outer.pass)
  }
}
