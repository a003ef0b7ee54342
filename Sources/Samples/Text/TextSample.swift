/// One text with what the file says about it.
struct TextSample {
  var text: String
  /// The second text of a pair.
  var pair: String?
  var label: Int?
  /// Line in the file, for messages.
  var line: Int?

  init(text: String, pair: String? = nil, label: Int? = nil, line: Int? = nil) {
    self.text = text
    self.pair = pair
    self.label = label
    self.line = line
  }
}
