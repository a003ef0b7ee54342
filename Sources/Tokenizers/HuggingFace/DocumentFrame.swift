import LatheDiagnostics
import LatheJSON

/// The section `post_processor` of a `tokenizer.json`: what stands before and behind texts.
struct DocumentFrame {
  let classToken: String
  let separatorToken: String

  init(_ section: DocumentValue, _ vocabulary: Vocabulary) throws(Diagnostic) {
    let type = try section.member("type")
    switch try type.string() {
    case "BertProcessing":
      classToken = try Self.token(of: try section.member("cls"), vocabulary)
      separatorToken = try Self.token(of: try section.member("sep"), vocabulary)
    case "TemplateProcessing":
      let names = try Self.names(in: section)
      let tokens = try section.member("special_tokens")
      classToken = try Self.token(names.0, tokens, vocabulary)
      separatorToken = try Self.token(names.1, tokens, vocabulary)
    default: throw type.unsupported("is \(type.shown)", "BertProcessing or TemplateProcessing")
    }
  }

  /// The token of a pair of a token and its id.
  private static func token(of pair: DocumentValue, _ vocabulary: Vocabulary) throws(Diagnostic) -> String {
    let elements = try pair.elements()
    guard elements.count == 2 else { throw pair.fault("is no pair of a token and its id") }
    let token = try elements[0].string()
    guard vocabulary.id(of: token) == (try elements[1].id()) else {
      throw elements[1].fault("is \(elements[1].shown), which is not the id of \(elements[0].shown)")
    }
    return token
  }

  /// The token that a template calls `name`.
  private static func token(_ name: String, _ tokens: DocumentValue, _ vocabulary: Vocabulary) throws(Diagnostic) -> String {
    let ids = try tokens.member(name).member("ids")
    let elements = try ids.elements()
    guard elements.count == 1 else { throw ids.unsupported("are \(elements.count) ids", "a token of one id") }
    let id = try elements[0].id()
    guard let token = vocabulary.token(id), !token.isEmpty, vocabulary.id(of: token) == id else {
      throw elements[0].fault("is \(id), which no token has")
    }
    return token
  }

  /// What the templates call the tokens before and behind a text.
  private static func names(in section: DocumentValue) throws(Diagnostic) -> (String, String) {
    let single = try section.member("single")
    let pieces = try Self.pieces(of: single)
    guard let first = pieces.first?.name, let last = pieces.last?.name,
      pieces == [.token(first, 0), .text("A", 0), .token(last, 0)]
    else { throw single.unsupported("is something else", "a token, the text and a token, each of type 0") }
    let pair = try section.member("pair")
    guard try Self.pieces(of: pair) == pieces + [.text("B", 1), .token(last, 1)] else {
      throw pair.unsupported("is something else", "what single is, then the second text and the last token, each of type 1")
    }
    return (first, last)
  }

  private enum Piece: Equatable {
    case token(String, Int)
    case text(String, Int)

    var name: String {
      switch self {
      case .token(let name, _), .text(let name, _): name
      }
    }
  }

  private static func pieces(of template: DocumentValue) throws(Diagnostic) -> [Piece] {
    var pieces: [Piece] = []
    for element in try template.elements() {
      let token = element.optional("SpecialToken")
      let piece = if let token { token } else { try element.member("Sequence") }
      let name = try piece.member("id").string()
      let type = try piece.member("type_id").count()
      pieces.append(token == nil ? .text(name, type) : .token(name, type))
    }
    return pieces
  }
}
