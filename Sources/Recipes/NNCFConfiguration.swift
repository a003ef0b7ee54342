import LatheDiagnostics
import LatheJSON
import LathePassKit
import OrderedCollections

/// Reads a configuration of NNCF, OpenVINO's compression framework, as a recipe.
///
/// Movement sparsity with structured masking becomes `structure/resolve-masks` by NNCF's rule, behind the recipe `simplify`; quantization becomes
/// `quantize/int8`, behind `fuse` and whatever the order of the algorithms behind the masks: what is joint in training is one after the other here.
/// Whatever speaks of training has no meaning once the weights are fixed: it is reported, each key with its line. Source: NNCF's configuration
/// schema.
struct NNCFConfiguration {
  /// What a key of a configuration means after training.
  enum Meaning {
    /// An option of the pass, with the same value.
    case option(String)
    /// The key's own members have meanings.
    case nested([String: Meaning])
    /// Nothing, for this reason.
    case nothing(String)
    /// What masks were made of, which has to be well said and decides nothing any more.
    case structures
  }

  /// An algorithm and the pass that does its part after training.
  private struct Algorithm {
    var pass: PassID
    /// The recipe that the pass needs before it.
    var preparation: String
    /// Options that are set where the configuration does not say otherwise.
    var defaults: [String: JSONValue] = [:]
    var keys: [String: Meaning]
  }

  private static let training = "it speaks of training"
  private static let scopes = "scopes that name nothing are told of in any case"

  private static let algorithms: [String: Algorithm] = [
    "quantization": Algorithm(
      pass: "quantize/int8", preparation: "fuse",
      keys: [
        "compression_lr_multiplier": .nothing(training), "validate_scopes": .nothing(scopes),
        "ignored_scopes": .option("ignore"), "target_scopes": .option("only"),
        "weights": .nested(quantizer), "activations": .nested(quantizer),
        "initializer": .nested([
          "range": .nested(["type": .option("calibrator"), "num_init_samples": .nothing("--samples says how many are used")]),
          "precision": .nothing("precision is fixed at 8 bits"), "batchnorm_adaptation": .nothing(training),
        ]),
        "preset": .nothing("weights and activations are symmetric"),
        "overflow_fix": .nothing("sums are held in 32 bits, which do not overflow"),
        "quantize_inputs": .nothing("inputs are quantized where an operator reads them"),
        "quantize_outputs": .nothing("outputs stay as they are"),
        "export_to_onnx_standard_ops": .nothing("export to ONNX always writes standard operators"),
        "scope_overrides": .nothing("name what stays in float by ignored_scopes"),
      ]),
    "movement_sparsity": Algorithm(
      pass: "structure/resolve-masks", preparation: "simplify", defaults: ["nncf-rule": true],
      keys: [
        "compression_lr_multiplier": .nothing(training), "validate_scopes": .nothing(scopes),
        "ignored_scopes": .option("ignore"), "target_scopes": .option("only"),
        "sparse_structure_by_scopes": .structures,
        "params": .nested([
          "enable_structured_masking": .option("nncf-rule"),
          "warmup_start_epoch": .nothing(training), "warmup_end_epoch": .nothing(training),
          "importance_regularization_factor": .nothing(training), "power": .nothing(training),
          "init_importance_threshold": .nothing(training), "final_importance_threshold": .nothing(training),
          "steps_per_epoch": .nothing(training), "schedule": .nothing(training), "update_per_optimizer_step": .nothing(training),
        ]),
      ]),
  ]

  private static let quantizer: [String: Meaning] = [
    "mode": .nothing(""), "bits": .nothing(""), "per_channel": .nothing("weights are per channel, activations per tensor"),
    "signed": .nothing("values are signed"), "ignored_scopes": .option("ignore"), "target_scopes": .option("only"),
  ]

  /// Calibrators by NNCF's names of range initializers.
  private static let calibrators: [String: JSONValue] = [
    "min_max": "min_max", "mixed_min_max": "min_max", "mean_min_max": "avg", "percentile": "hist", "mean_percentile": "hist",
  ]

  private static let others = [
    "magnitude_sparsity", "const_sparsity", "rb_sparsity", "filter_pruning", "knowledge_distillation", "binarization",
    "experimental_quantization", "NoCompressionAlgorithm",
  ]

  /// Whether the document is a configuration of NNCF rather than a recipe.
  static func isOne(_ root: DocumentNode) -> Bool {
    guard case .mapping(let members) = root.content else { return false }
    return members.contains { $0.key == "compression" || $0.key == "algorithm" }
  }

  /// - Throws: `recipe/…` for unknown keys and algorithms and for what cannot be had, such as asymmetric quantization.
  static func read(_ root: DocumentNode, named: [Recipe]) throws(Diagnostic) -> RecipeReader.Reading {
    var configuration = NNCFConfiguration(named: named)
    try configuration.readDocument(root)
    var recipe = Recipe(name: "NNCF configuration")
    for name in ["movement_sparsity", "quantization"] { recipe.steps += configuration.steps[name] ?? [] }
    return RecipeReader.Reading(recipe: recipe, warnings: configuration.warnings)
  }

  /// Recipes by their names.
  private let named: [Recipe]
  /// Steps by algorithm.
  private var steps: [String: [Recipe.Step]] = [:]
  private var warnings: [Diagnostic] = []

  private init(named: [Recipe]) { self.named = named }

  private mutating func readDocument(_ root: DocumentNode) throws(Diagnostic) {
    let members = try root.members("an NNCF configuration")
    if members.contains(where: { $0.key == "algorithm" }) { return try readAlgorithm(root) }
    for member in members where member.key != "compression" {
      warn(member, "it describes the training job, and the model says itself what it takes")
    }
    guard let compression = members.first(where: { $0.key == "compression" })?.value else { return }
    guard case .list(let algorithms) = compression.content else { return try readAlgorithm(compression) }
    for algorithm in algorithms { try readAlgorithm(algorithm) }
  }

  private mutating func readAlgorithm(_ node: DocumentNode) throws(Diagnostic) {
    let members = try node.members("an algorithm")
    guard let named = members.first(where: { $0.key == "algorithm" }) else {
      throw .invalid("recipe/algorithm", "there is no key algorithm", at: node.location, fix: "write \"algorithm\": \"quantization\"")
    }
    let name = try named.value.text("algorithm")
    if Self.others.contains(name) {
      return warn(named, "\(name) happens in training; what it left in the weights is resolved by structure/resolve-masks")
    }
    guard let algorithm = Self.algorithms[name] else {
      throw .invalid(
        "recipe/algorithm", "NNCF has no algorithm \(name)", at: named.value.location,
        fix: Spelling.nearest(name, among: Self.algorithms.keys.sorted() + Self.others).map { "did you mean \($0)?" })
    }
    var step = Recipe.Step(algorithm.pass, at: named.location)
    for (option, value) in algorithm.defaults { step.options[option] = value }
    for member in members where member.key != "algorithm" { try read(member, algorithm.keys, name, into: &step) }
    if step.options["nncf-rule"] == false {
      return warn(named, "without structured masking there is nothing to resolve")
    }
    let preparation = self.named.first { $0.name == algorithm.preparation }?.steps ?? []
    steps[name, default: []] += preparation + [step]
  }

  private mutating func read(
    _ member: DocumentNode.Member, _ keys: [String: Meaning], _ what: String, into step: inout Recipe.Step
  ) throws(Diagnostic) {
    guard let meaning = keys[member.key] else {
      throw .invalid(
        "recipe/unknown-key", "\(what) has no key \(member.key)", at: member.location,
        fix: Spelling.nearest(member.key, among: keys.keys.sorted()).map { "did you mean \($0)?" }
          ?? "the keys are \(keys.keys.sorted().joined(separator: ", "))")
    }
    switch meaning {
    case .nested(let inner):
      for child in try member.value.members(member.key) { try read(child, inner, member.key, into: &step) }
    case .option(let option): try set(option, from: member, of: &step)
    case .nothing(""): try requireSymmetricBytes(member)
    case .nothing(let reason): warn(member, reason)
    case .structures:
      try NNCFStructures.check(member.value)
      warn(member, "structures are found by axis classes: heads and neurons as they are")
    }
  }

  private mutating func set(
    _ option: String, from member: DocumentNode.Member, of step: inout Recipe.Step
  ) throws(Diagnostic) {
    var value = member.value.json
    if option == "calibrator" {
      let name = try member.value.text(member.key)
      guard let calibrator = Self.calibrators[name] else {
        throw .invalid(
          "recipe/calibrator", "there is no calibrator for the range type \(name)", at: member.value.location,
          fix: "use one of \(Self.calibrators.keys.sorted().joined(separator: ", "))")
      }
      value = calibrator
    } else if option != "nncf-rule" {
      var scopes = step.options[option]?.arrayValue ?? []
      if case .list(let elements) = member.value.content {
        for element in elements { scopes.append(.string(try element.text("a scope"))) }
      } else {
        scopes.append(.string(try member.value.text(member.key)))
      }
      value = .array(scopes)
    } else if value.boolValue == nil {
      throw member.value.mismatch(member.key, "true or false")
    }
    step.options[option] = value
    step.optionLocations[option] = member.location
  }

  /// `mode` and `bits` are statements about the result, which has to be what was asked for.
  private func requireSymmetricBytes(_ member: DocumentNode.Member) throws(Diagnostic) {
    let wanted: JSONValue = member.key == "mode" ? "symmetric" : 8
    guard member.value.json != wanted else { return }
    throw .invalid(
      "recipe/quantizer", "\(member.key) \(member.value.json.serialized()) cannot be had", at: member.value.location,
      fix: "quantization here is symmetric, with 8 bits: write \(member.key): \(wanted.serialized())")
  }

  private mutating func warn(_ member: DocumentNode.Member, _ reason: String) {
    warnings.append(
      .warning("recipe/no-meaning", "\(member.key) has no meaning after training: \(reason)", at: member.location))
  }
}
