internal import Foundation
import LatheDiagnostics
import LatheIR
import LatheJSON
import LathePassKit
import OrderedCollections

/// The passes that made a model, as its record tells them.
struct RecordedRecipe {
  /// Without those that only order weights for a file.
  let recipe: Recipe
  /// Digest of the file that scales were chosen by; nil where none was.
  let calibrationDigest: String?
  /// That file's name.
  let calibrationName: String?
  /// The file of the texts or the token counts that passes went by; nil where none was given.
  let corpusName: String?
  /// Digest and name of the file of scores and masks; nil where none was given.
  let structuresDigest, structuresName: String?
  /// The ids that are left of a vocabulary that was cut, by id before; nil where none was.
  let keptTokens: [Bool]?
  /// Whether the record names the file that the passes are to run on.
  let isSourceKnown: Bool
  /// Whether the record tells of conversions before that file.
  let isWhole: Bool

  /// - Parameters:
  ///   - record: as the model carries it, the records of earlier conversions inside.
  ///   - digest: of the file that the passes are to run on; nil begins with the first conversion.
  /// - Throws: `record/ledger` for a record without passes, and `json/…`.
  init(_ record: String, from digest: String?) throws(Diagnostic) {
    var levels: [JSONValue] = []
    var next: JSONValue? = try JSONValue.parse(Array(record.utf8), file: nil)
    while let level = next, level.objectValue != nil {
      levels.append(level)
      next = level["earlier"]
    }
    let start = digest.flatMap { digest in levels.firstIndex { Self.sources($0).contains(digest) } }
    isSourceKnown = start != nil
    let used = levels[...(start ?? levels.count - 1)]
    isWhole = used.count == levels.count
    recipe = try Self.recipe(used)
    let calibration = used.lazy.compactMap { $0["calibration"] }.first.flatMap { $0["file"] ?? $0["ranges"] }
    (calibrationDigest, calibrationName) = (calibration?["sha256"]?.stringValue, calibration?["file"]?.stringValue)
    let corpus = used.lazy.compactMap { $0["corpus"] }.first
    corpusName = (corpus?["token_counts"] ?? corpus?["files"]?[0])?["file"]?.stringValue
    let structures = used.lazy.compactMap { $0["structures"] }.first
    (structuresDigest, structuresName) = (structures?["sha256"]?.stringValue, structures?["file"]?.stringValue)
    keptTokens = used.lazy.compactMap { $0["vocabulary"] }.first.flatMap(Self.kept)
  }

  private static func sources(_ level: JSONValue) -> [String] {
    (level["source"]?["files"]?.arrayValue ?? []).compactMap { $0["sha256"]?.stringValue }
  }

  private static func recipe(_ levels: ArraySlice<JSONValue>) throws(Diagnostic) -> Recipe {
    var recipe = Recipe(name: "", summary: "")
    for level in levels.reversed() {
      guard let ledger = level["ledger"]?.arrayValue else {
        throw .invalid("record/ledger", "the model's record tells no passes", fix: "give the recipe with --recipe")
      }
      for entry in ledger {
        guard let step = entry["step"]?.stringValue else { throw .invalid("record/ledger", "a line of the model's record has no step") }
        // Weights are brought into the order of kernels, and back, whatever the recipe says.
        guard step != "import", !step.hasPrefix("layout/") else { continue }
        recipe.steps.append(Recipe.Step(PassID(step), options: entry["options"]?.objectValue ?? [:]))
      }
    }
    return recipe
  }

  private static func kept(_ json: JSONValue) -> [Bool]? {
    guard let count = json["tokens_before"]?.intValue, let text = json["kept"]?.stringValue, let bits = Data(base64Encoded: text),
      count >= 0, count <= bits.count * 8
    else { return nil }
    let bytes = [UInt8](bits)
    return (0..<count).map { bytes[$0 / 8] >> UInt8($0 % 8) & 1 == 1 }
  }
}

extension Recipe {
  /// The passes that made the .lathe file at `path`, from the first conversion on.
  ///
  /// - Throws: the reader's diagnostics, and `record/…` for a file that tells of none.
  init(recordOf path: String) throws(Diagnostic) {
    do throws(Diagnostic) {
      guard let record = try ModelLoader(limits: ResourceLimits()).load(path).model.record else {
        throw Diagnostic.invalid("record/missing", "the model carries no record of how it was made", fix: "give a recipe's name or file")
      }
      self = try RecordedRecipe(record, from: nil).recipe
    } catch {
      throw error.located(in: Location(file: path))
    }
  }
}
