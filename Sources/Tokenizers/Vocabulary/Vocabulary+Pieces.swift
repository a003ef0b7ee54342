/// Which tokens of a vocabulary are pieces of words.
struct PieceSelection {
  /// Stands before the bytes of tokens that continue a word.
  var prefix: String
  /// Longer pieces are left out, since longer words are never looked up.
  var maximumScalars: Int
  /// Tokens that are no pieces.
  var excluded: Set<Int32>
}

extension Vocabulary {
  /// Where a piece stands in words.
  enum PiecePlace {
    case starting, continuing
  }

  /// Calls `body` with the bytes, the id and the place of each piece of `selection`, in the order of ids; a token can be two pieces.
  func forEachPiece(
    of selection: PieceSelection, _ body: (UnsafeBufferPointer<UInt8>, Int32, PiecePlace) -> Void
  ) {
    let prefix = Array(selection.prefix.utf8)
    let prefixScalars = selection.prefix.unicodeScalars.count
    // A word that starts with punctuation is that scalar alone, so no longer token with such a prefix starts one.
    let prefixStartsWord = !(selection.prefix.unicodeScalars.first.map(UnicodeRules.isPunctuation) ?? false)
    for (index, token) in tokens.enumerated() {
      let id = Int32(clamping: index)
      guard !selection.excluded.contains(id) else { continue }
      var token = token
      token.withUTF8 { bytes in
        let isContinuing = bytes.starts(with: prefix)
        let scalars = bytes.count { $0 & 0xC0 != 0x80 }
        if isContinuing, bytes.count > prefix.count, scalars - prefixScalars <= selection.maximumScalars {
          body(UnsafeBufferPointer(rebasing: bytes[prefix.count...]), id, .continuing)
        }
        if prefixStartsWord || !isContinuing || scalars == 1, !bytes.isEmpty, scalars <= selection.maximumScalars {
          body(bytes, id, .starting)
        }
      }
    }
  }
}
