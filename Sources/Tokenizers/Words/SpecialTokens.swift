/// The tokens that are recognized in a text as it stands, as a tree of their bytes.
struct SpecialTokens: Sendable {
  struct Match {
    var id: Int32
    var token: String
    /// How many bytes it has.
    var length: Int
  }

  private struct Node {
    var children: [UInt8: Int] = [:]
    var match: Match?
  }

  private var nodes = [Node()]

  init(_ tokens: [(token: String, id: Int32)]) {
    for (token, id) in tokens where !token.isEmpty {
      var node = 0
      for byte in token.utf8 { node = child(of: node, byte) }
      nodes[node].match = Match(id: id, token: token, length: token.utf8.count)
    }
  }

  private mutating func child(of node: Int, _ byte: UInt8) -> Int {
    if let child = nodes[node].children[byte] { return child }
    nodes[node].children[byte] = nodes.count
    nodes.append(Node())
    return nodes.count - 1
  }

  /// Whether one of them starts with `byte`.
  func mayStart(with byte: UInt8) -> Bool { nodes[0].children[byte] != nil }

  /// The longest one that stands in `text` at `offset`.
  func match(in text: UnsafeBufferPointer<UInt8>, at offset: Int) -> Match? {
    var node = 0
    var longest: Match?
    for byte in text[offset...] {
      guard let child = nodes[node].children[byte] else { break }
      node = child
      longest = nodes[node].match ?? longest
    }
    return longest
  }
}
