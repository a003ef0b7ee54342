import LatheDiagnostics
import LatheJSON

/// The key `sparse_structure_by_scopes` of movement sparsity: which blocks of weights were masked together in training.
enum NNCFStructures {
  private static let modes = ["fine", "block", "per_dim"]

  /// - Throws: `recipe/…` for keys and modes that NNCF does not have, and for factors and axes that a mode needs and are not there.
  static func check(_ node: DocumentNode) throws(Diagnostic) {
    guard case .list(let structures) = node.content else { return try checkOne(node) }
    for structure in structures { try checkOne(structure) }
  }

  private static func checkOne(_ node: DocumentNode) throws(Diagnostic) {
    let members = try node.members("a sparse structure", known: ["mode", "sparse_factors", "axis", "target_scopes"])
    guard let mode = members["mode"], let scopes = members["target_scopes"] else {
      throw .invalid(
        "recipe/structure", "a sparse structure has a mode and target_scopes", at: node.location,
        fix: "write \"mode\": \"fine\", \"target_scopes\": \"{re}.*\"")
    }
    try checkScopes(scopes.value)
    let name = try mode.value.text("mode")
    switch name {
    case "fine": return
    case "block":
      let factors = try members["sparse_factors"]?.value.list("sparse_factors") ?? []
      for factor in factors { _ = try factor.count("a sparse factor") }
      guard factors.count == 2 else {
        throw .invalid("recipe/structure", "blocks have two sparse_factors", at: node.location, fix: "write \"sparse_factors\": [32, 32]")
      }
    case "per_dim":
      guard let axis = members["axis"], try axis.value.count("axis") < 2 else {
        throw .invalid("recipe/structure", "per_dim has an axis, 0 or 1", at: node.location, fix: "write \"axis\": 0")
      }
    default:
      throw .invalid(
        "recipe/structure", "there is no mode \(name)", at: mode.value.location,
        fix: Spelling.nearest(name, among: modes).map { "did you mean \($0)?" } ?? "the modes are \(modes.joined(separator: ", "))")
    }
  }

  private static func checkScopes(_ node: DocumentNode) throws(Diagnostic) {
    guard case .list(let scopes) = node.content else {
      _ = try node.text("target_scopes")
      return
    }
    for scope in scopes { _ = try scope.text("a scope") }
  }
}
