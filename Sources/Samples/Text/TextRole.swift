/// What an input of a text model is for, as far as its name tells.
enum TextRole: String, CaseIterable {
  /// Token ids, `[batch, sequence]`.
  case ids
  /// One for tokens, zero for padding, `[batch, sequence]`.
  case mask
  /// Zero for the first text of a pair and one for the second, `[batch, sequence]`.
  case segments
  /// Zeros, `[batch, sequence]`.
  case taskTypes
  /// 0, 1, 2, …, `[batch, sequence]`.
  case positions
  /// Tokens of each text, `[batch]`.
  case lengths

  private var names: Set<String> {
    switch self {
    case .ids: ["input_ids", "ids", "token_ids", "input_tokens"]
    case .mask: ["attention_mask", "input_mask", "mask"]
    case .segments: ["token_type_ids", "segment_ids", "token_types", "segments"]
    case .taskTypes: ["task_type_ids"]
    case .positions: ["position_ids"]
    case .lengths:
      [
        "length", "lengths", "seq_len", "seq_lens", "seq_length", "seq_lengths", "sequence_length", "sequence_lengths",
        "input_length", "input_lengths", "text_lengths",
      ]
    }
  }

  /// Number of axes.
  var rank: Int { self == .lengths ? 1 : 2 }

  /// The role of the input called `name`; exporters number names (`input_ids.1`, `input_mask:0`), which counts for nothing.
  init?(name: String) {
    var stem = Substring(name.lowercased())
    if let end = stem.lastIndex(where: { $0 == ":" || $0 == "." }), stem[end...].dropFirst().allSatisfy(\.isNumber) {
      stem = stem[..<end]
    }
    guard let role = Self.allCases.first(where: { $0.names.contains(String(stem)) }) else { return nil }
    self = role
  }
}
