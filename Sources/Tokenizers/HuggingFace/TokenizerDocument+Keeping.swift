import LatheDiagnostics
import LatheJSON
import OrderedCollections

extension TokenizerDocument {
  /// The document with only the tokens that have `ids`, which become 0, 1, 2, … in their order; whatever names another token
  /// goes with it, and all the rest stays as it is.
  ///
  /// - Throws: when there is no such id, when one is named twice, or when a special token is to go.
  public func keeping(_ ids: [Int32]) throws(Diagnostic) -> TokenizerDocument {
    let kept = try newIDs(ids)
    for token in options.frameTokens {
      guard let id = vocabulary.id(of: token), kept[id] == nil else { continue }
      throw .invalid(
        "tokenizers/kept-special", "the special token \(token), which has the id \(id), is not among those to be kept",
        fix: "keep the special tokens")
    }
    var members: [(id: Int, key: String)] = []
    for (key, value) in entries.members {
      if let new = value.newID(kept) { members.append((new, key)) }
    }
    members.sort { $0.id < $1.id }
    let entries = JSONMembers(at: entries.path, members.map { ($0.key, .integer(Int64($0.id))) })
    return try TokenizerDocument(document.renumbered(kept), entries, isPretty: isPretty, file: nil)
  }

  private func newIDs(_ ids: [Int32]) throws(Diagnostic) -> [Int32: Int] {
    var kept: [Int32: Int] = [:]
    for (new, id) in ids.enumerated() {
      guard vocabulary.token(id) != nil else {
        throw .invalid(
          "tokenizers/kept-id", "the tokenizer has \(vocabulary.count) ids and no id \(id), which is to be kept")
      }
      guard kept.updateValue(new, forKey: id) == nil else {
        throw .invalid("tokenizers/kept-id", "the id \(id) is to be kept twice")
      }
    }
    return kept
  }
}

extension JSONValue {
  /// The new id in place of this one, or nil if it goes.
  fileprivate func newID(_ kept: [Int32: Int]) -> Int? {
    intValue.flatMap { Int32(exactly: $0) }.flatMap { kept[$0] }
  }

  /// The document with its sections' ids renumbered.
  fileprivate func renumbered(_ kept: [Int32: Int]) -> JSONValue {
    changing("added_tokens") { section in
      .array((section.arrayValue ?? []).compactMap { $0.renumbered("id", kept) })
    }
    .changing("padding") { $0.renumbered("pad_id", kept) ?? $0 }
    .changing("post_processor") { section in
      section.changing("cls") { $0.renumberedPair(kept) }.changing("sep") { $0.renumberedPair(kept) }
        .changing("special_tokens") { $0.renumberedTokens(kept) }
    }
  }

  /// This object with the id `key` renumbered, or nil if the id goes.
  private func renumbered(_ key: String, _ kept: [Int32: Int]) -> JSONValue? {
    guard let id = self[key]?.newID(kept) else { return nil }
    return changing(key) { _ in .integer(Int64(id)) }
  }

  /// This pair of a token and its id, renumbered.
  private func renumberedPair(_ kept: [Int32: Int]) -> JSONValue {
    guard let token = self[0], let id = self[1]?.newID(kept) else { return self }
    return [token, .integer(Int64(id))]
  }

  /// These tokens of a template by name without those of which an id goes.
  private func renumberedTokens(_ kept: [Int32: Int]) -> JSONValue {
    guard let tokens = objectValue else { return self }
    var result: OrderedDictionary<String, JSONValue> = [:]
    for (name, token) in tokens {
      let old = token["ids"]?.arrayValue ?? []
      let new = old.compactMap { $0.newID(kept) }
      if new.count == old.count { result[name] = token.changing("ids") { _ in .array(new.map { .integer(Int64($0)) }) } }
    }
    return .object(result)
  }

  /// This object with the member `key`, if there is one that is not null, changed.
  private func changing(_ key: String, _ change: (JSONValue) -> JSONValue) -> JSONValue {
    guard var members = objectValue, let member = members[key], !member.isNull else { return self }
    members[key] = change(member)
    return .object(members)
  }
}
