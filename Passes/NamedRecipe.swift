import LathePassKit

/// A list of passes in the order they are meant for, by name.
public struct NamedRecipe: Sendable {
  public let name: String
  /// One line for `lathe passes`.
  public let summary: String
  public let passes: [PassID]

  /// Every recipe that Lathe brings.
  public static let all = [
    NamedRecipe(
      name: "simplify", summary: "the same mathematics from fewer nodes", passes: simplify),
    NamedRecipe(
      name: "fuse", summary: "simplify, then the same mathematics from larger operators", passes: simplify + fuse),
  ]


  private static let simplify: [PassID] = [
    "simplify/inline-branches", "simplify/fold-constants", "simplify/eliminate-identities",
    "simplify/eliminate-common-subexpressions", "simplify/fold-shapes", "simplify/fold-constants",
    "simplify/eliminate-dead-code", "simplify/merge-transposes", "simplify/merge-reshapes", "simplify/eliminate-identities",
    "simplify/resolve-indices", "simplify/fold-batch-normalization", "simplify/eliminate-dead-code",
  ]

  private static let fuse: [PassID] = [
    "fuse/activation", "fuse/normalization", "fuse/linear-layer", "simplify/eliminate-dead-code", "fuse/attention",
    "simplify/eliminate-dead-code", "fuse/query-key-value", "fuse/attention-mask", "fuse/embeddings",
    "simplify/eliminate-dead-code",
  ]
}
