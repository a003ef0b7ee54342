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
      name: "simplify", summary: "the same bits from fewer nodes", passes: simplify),
    NamedRecipe(
      name: "fuse", summary: "simplify, then the same mathematics from larger operators", passes: simplify + fuse),
  ]

  private static let simplify: [PassID] = [
    "simplify/fold-constants", "simplify/eliminate-identities", "simplify/eliminate-dead-code", "simplify/resolve-indices",
  ]

  private static let fuse: [PassID] = [
    "fuse/activation", "fuse/normalization", "fuse/linear-layer", "simplify/eliminate-dead-code", "fuse/attention",
    "simplify/eliminate-dead-code", "fuse/query-key-value", "fuse/attention-mask", "fuse/embeddings",
    "simplify/eliminate-dead-code",
  ]
}
