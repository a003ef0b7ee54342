extension Vocabulary {
  /// What a token is to words.
  enum PiecePlace {
    case starting, continuing
  }

  /// Calls `body` with the bytes, the id and the place of each piece of words, in the order of ids; a token can be two pieces.
  ///
  /// - Parameters:
  ///   - prefix: Stands before the bytes of tokens that continue a word.
  ///   - maximumScalars: Longer pieces are left out, since longer words are never looked up.
  func forEachPiece(
    prefix: String, maximumScalars: Int, _ body: (UnsafeBufferPointer<UInt8>, Int32, PiecePlace) -> Void
  ) {
    let prefixBytes = Array(prefix.utf8)
    let prefixScalars = prefix.unicodeScalars.count
    // A word that starts with punctuation is nothing but that, so it never reads like a piece that continues one.
    let prefixStartsWord = !(prefix.unicodeScalars.first.map(UnicodeRules.isPunctuation) ?? false)
    for (id, token) in tokens.enumerated() {
      var token = token
      token.withUTF8 { bytes in
        let isContinuing = bytes.starts(with: prefixBytes)
        let scalars = bytes.count > maximumScalars ? bytes.count { $0 & 0xC0 != 0x80 } : bytes.count
        if isContinuing, bytes.count > prefixBytes.count, scalars - prefixScalars <= maximumScalars {
          body(UnsafeBufferPointer(rebasing: bytes[prefixBytes.count...]), Int32(clamping: id), .continuing)
        }
        if prefixStartsWord || !isContinuing, !bytes.isEmpty, scalars <= maximumScalars {
          body(bytes, Int32(clamping: id), .starting)
        }
      }
    }
  }
}
