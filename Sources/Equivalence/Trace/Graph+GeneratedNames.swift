import LatheIR

extension Graph {
  /// Whether a name is one that exporters and passes count up, as `add_30`, and so may mean something else in another graph.
  static func looksGenerated(_ name: String) -> Bool { name.wholeMatch(of: /[a-z0-9]+(\.[0-9]+)?(_[0-9]+)?/) != nil }
}
