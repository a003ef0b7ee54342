import LatheDiagnostics
import LatheJSON

/// The section `model` of a `tokenizer.json`.
struct DocumentModel {
  /// The vocabulary's entries as they stand in the document.
  let entries: JSONMembers
  /// Its tokens by id; empty where no text can have the id.
  let vocabulary: Vocabulary
  private let unknownToken: String
  private let continuingPrefix: String
  private let maximumInputCharactersPerWord: Int

  /// How many tokens it has, which may be less than ids.
  var count: Int { entries.members.count }

  init(_ model: DocumentValue, _ entries: JSONMembers?) throws(Diagnostic) {
    try Self.checkType(model)
    let vocab = try model.member("vocab")
    guard let entries else { throw vocab.fault("is \(vocab.shown), where an object is expected") }
    let vocabulary = try Self.vocabulary(try Self.tokens(entries, vocab), vocab)
    let unknown = try model.member("unk_token")
    unknownToken = try unknown.string()
    guard vocabulary.id(of: unknownToken) != nil, !unknownToken.isEmpty else {
      throw unknown.fault("is \(unknown.shown), which model.vocab lacks")
    }
    let prefix = try model.member("continuing_subword_prefix")
    continuingPrefix = try prefix.string()
    guard VocabularyLines.canHold(continuingPrefix) else {
      throw prefix.unsupported("is \(prefix.shown)", "a prefix without tabs, line feeds and white space at its end")
    }
    maximumInputCharactersPerWord = try model.member("max_input_chars_per_word").count()
    self.entries = entries
    self.vocabulary = vocabulary
  }

  private static func checkType(_ model: DocumentValue) throws(Diagnostic) {
    guard let type = model.optional("type") else {
      // The first versions of the library left the type out.
      if let merges = model.optional("merges") { throw merges.unsupported("belongs to BPE", "a model of the type WordPiece") }
      return
    }
    guard try type.string() == "WordPiece" else { throw type.unsupported("is \(type.shown)", "WordPiece") }
  }

  private static func tokens(_ entries: JSONMembers, _ vocab: DocumentValue) throws(Diagnostic) -> [String?] {
    var ids: [Int] = []
    ids.reserveCapacity(entries.members.count)
    for (token, value) in entries.members {
      guard let id = value.intValue, (0...Int(Int32.max)).contains(id) else {
        let path = "\(vocab.path)[\(token.prefix(40).debugDescription)]"
        throw DocumentValue(value, path: path, file: vocab.file).wrong("a token's id")
      }
      ids.append(id)
    }
    guard let highest = ids.max() else { throw vocab.fault("is empty") }
    guard highest < 2 * ids.count else {
      throw vocab.fault("has \(ids.count) tokens and ids up to \(highest): more ids are unused than used")
    }
    var tokens = [String?](repeating: nil, count: highest + 1)
    for (id, member) in zip(ids, entries.members) {
      if let other = tokens[id] {
        let names = [other, member.key].map { $0.prefix(40).debugDescription }
        throw vocab.fault("gives the id \(id) to \(names[0]) and to \(names[1])")
      }
      tokens[id] = member.key
    }
    return tokens
  }

  /// A token that a line cannot hold has white space in it, as no word has: its id becomes one that no text has.
  private static func vocabulary(_ tokens: [String?], _ vocab: DocumentValue) throws(Diagnostic) -> Vocabulary {
    do {
      return try Vocabulary(tokens: tokens.map { $0.flatMap { VocabularyLines.canHold($0) ? $0 : nil } ?? "" })
    } catch {
      throw error.located(in: Location(file: vocab.file))
    }
  }

  /// Says to `options` what the section says.
  func set(_ options: inout WordPieceOptions) {
    options.unknownToken = unknownToken
    options.continuingPrefix = continuingPrefix
    options.maximumInputCharactersPerWord = maximumInputCharactersPerWord
  }
}
