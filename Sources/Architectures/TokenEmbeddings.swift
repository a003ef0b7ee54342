import LatheDiagnostics
import LatheIR

/// The tables that tokens are looked up in, and how their rows are added and normalized.
struct TokenEmbeddings {
  /// How positions are numbered.
  enum Positions {
    case fromZero
    /// Tokens that are no padding are counted, from the padding's id on.
    case counted(padding: Int)
  }

  var vocabulary: Int
  var places: Int
  var segments: Int
  var width: Int
  var epsilon: Double
  var positions = Positions.fromZero
  /// The id that fills texts up.
  var padding: Int
  /// Whether padding is looked up as zeros whatever its row says, as Paddle does.
  var silencesPadding = false
  /// Whether its position is as well.
  var silencesPaddingPosition = false
  /// The row of the table of tasks that every token gets, and how many rows there are; nil without such a table.
  var task: (id: Int, count: Int)?

  /// - Throws: `architecture/config` for what is missing.
  init(_ config: ModelConfiguration, width: Int, epsilon: Double, segments: Int? = nil) throws(Diagnostic) {
    vocabulary = try config.integer("vocab_size")
    places = try config.integer("max_position_embeddings")
    if let segments {
      self.segments = segments
    } else {
      self.segments = try config.integer("type_vocab_size", in: 0...1 << 16, default: 2)
    }
    self.width = width
    self.epsilon = epsilon
    padding = try config.integer("pad_token_id", in: 0...ModelConfiguration.largestExtent, default: 0)
    guard padding < vocabulary else {
      throw .invalid("architecture/config", "pad_token_id is \(padding), but the vocabulary has \(vocabulary) tokens")
    }
  }

  /// The normalized sum, and what is added to the scores of attention.
  func embed(
    in assembly: inout GraphAssembly, style: NamingStyle
  ) throws(Diagnostic) -> (tokens: ValueID, mask: ValueID, ids: ValueID) {
    let ids = try assembly.tokens("input_ids")
    let mask = try assembly.tokens("attention_mask")
    let p = "embeddings."
    var terms = [
      try assembly.rows(ids, p + "word_embeddings", count: vocabulary, width, silent: silencesPadding ? padding : nil)
    ]
    if segments > 1 {
      let types = try assembly.tokens("token_type_ids")
      terms.append(try assembly.rows(types, p + "token_type_embeddings", count: segments, width))
    } else if segments == 1 {
      terms.append(try assembly.row(0, p + "token_type_embeddings", count: 1, width))
    }
    switch positions {
    case .fromZero: terms.append(try assembly.positionRows(for: ids, p + "position_embeddings", count: places, width))
    case .counted(let padding):
      let silent = silencesPaddingPosition ? padding : nil
      terms.append(
        try assembly.countedPositionRows(
          for: ids, padding: padding, p + "position_embeddings", count: places, width, silent: silent))
    }
    if let task { terms.append(try assembly.row(task.id, p + "task_type_embeddings", count: task.count, width)) }
    let sum = try assembly.sum(terms, "embeddings")
    let normal = try assembly.normalization(sum, p + "LayerNorm", width, epsilon: epsilon)
    return (normal, try assembly.additiveMask(mask, hidden: style.hiddenScore), ids)
  }
}
