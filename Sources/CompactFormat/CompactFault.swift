import LatheDiagnostics

extension Diagnostic {
  /// A `.lathe` file that breaks a rule of its format.
  static func badCompactFile(
    _ rule: String, _ message: String, at offset: Int? = nil, node: String? = nil, value: String? = nil,
    notes: [String] = [],
    fix: String = "the file is damaged or was not written by Lathe: fetch it again, or convert the model again"
  ) -> Diagnostic {
    .invalid(
      "lathe/\(rule)", message, at: Location(byteOffset: offset, node: node, value: value), notes: notes, fix: fix)
  }
}
