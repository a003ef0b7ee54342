import LathePassKit

extension Recipe {
  /// Every recipe that Lathe brings.
  public static let named = [
    Recipe(name: "simplify", summary: "the same mathematics from fewer nodes", passes: simplify),
    Recipe(name: "fuse", summary: "simplify, then the same mathematics from larger operators", passes: simplify + fuse),
  ]

  private static let simplify: [PassID] = [
    "simplify/inline-branches", "simplify/fold-constants", "simplify/eliminate-identities",
    "simplify/eliminate-common-subexpressions", "simplify/fold-shapes", "simplify/fold-constants",
    "simplify/eliminate-dead-code", "simplify/merge-transposes", "simplify/merge-reshapes", "simplify/eliminate-identities",
    "simplify/resolve-indices", "simplify/fold-batch-normalization", "simplify/eliminate-dead-code",
  ]

  private static let fuse: [PassID] = [
    "simplify/unify-extents", "simplify/fold-shapes", "simplify/resolve-indices", "simplify/eliminate-dead-code",
    "fuse/activation", "fuse/normalization", "quantize/fold-qdq", "fuse/linear-layer", "simplify/eliminate-dead-code", "fuse/attention",
    "simplify/eliminate-dead-code", "fuse/query-key-value", "fuse/attention-mask", "fuse/embeddings",
    "fuse/convolution-layer", "fuse/recurrent-layer", "simplify/merge-transposes", "simplify/merge-reshapes",
    "simplify/eliminate-identities", "simplify/eliminate-dead-code",
  ]
}
