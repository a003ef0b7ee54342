internal import CYaml
import LatheDiagnostics

/// Looks at a YAML text's events before it is composed: composing recurses, and copies what aliases stand for.
///
/// Faults of syntax are left to who composes.
struct DocumentGuard {
  private static let deepest = 64

  let file: String

  /// - Throws: `recipe/nesting`, `recipe/anchor` for anchors and aliases, `recipe/tag`.
  func check(_ text: [UInt8]) throws(Diagnostic) {
    let fault = text.withUnsafeBufferPointer { text in
      var parser = yaml_parser_t()
      guard yaml_parser_initialize(&parser) == 1 else { return Diagnostic?.none }
      defer { yaml_parser_delete(&parser) }
      yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
      yaml_parser_set_input_string(&parser, text.baseAddress, text.count)
      return firstFault(&parser)
    }
    if let fault { throw fault }
  }

  private func firstFault(_ parser: inout yaml_parser_t) -> Diagnostic? {
    var depth = 0
    while true {
      var event = yaml_event_t()
      guard yaml_parser_parse(&parser, &event) == 1 else {
        // Brackets without end are looked through for a key before there is an event.
        return parser.flow_level > Self.deepest ? nesting(parser.mark) : nil
      }
      defer { yaml_event_delete(&event) }
      switch event.type {
      case YAML_STREAM_END_EVENT, YAML_NO_EVENT: return nil
      case YAML_SEQUENCE_START_EVENT, YAML_MAPPING_START_EVENT: depth += 1
      case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: depth -= 1
      default: break
      }
      if let fault = fault(of: event, depth) { return fault }
    }
  }

  private func fault(of event: yaml_event_t, _ depth: Int) -> Diagnostic? {
    let place = place(event.start_mark)
    let (hasAnchor, hasTag) =
      switch event.type {
      case YAML_ALIAS_EVENT: (true, false)
      case YAML_SCALAR_EVENT: (event.data.scalar.anchor != nil, event.data.scalar.tag != nil)
      case YAML_SEQUENCE_START_EVENT: (event.data.sequence_start.anchor != nil, event.data.sequence_start.tag != nil)
      case YAML_MAPPING_START_EVENT: (event.data.mapping_start.anchor != nil, event.data.mapping_start.tag != nil)
      default: (false, false)
      }
    if depth > Self.deepest { return nesting(event.start_mark) }
    if hasAnchor {
      return .invalid("recipe/anchor", "anchors and aliases have no place here", at: place, fix: "write the value out, in quotes if it is a text")
    }
    if hasTag { return .invalid("recipe/tag", "tags have no place here", at: place, fix: "leave the tag out, and put texts in quotes") }
    return nil
  }

  private func nesting(_ mark: yaml_mark_t) -> Diagnostic {
    .invalid(
      "recipe/nesting", "lists and mappings are nested too deep", at: place(mark), fix: "at most \(Self.deepest) may stand in one another")
  }

  private func place(_ mark: yaml_mark_t) -> Location { Location(file: file, line: mark.line + 1, column: mark.column + 1) }
}
