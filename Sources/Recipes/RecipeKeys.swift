/// The keys of recipes, which `Schemas/recipe.schema.json` describes.
public enum RecipeKeys {
  public static let recipe = ["name", "summary", "plugins", "passes", "budget"]
  public static let step = ["pass", "options", "recipe"]
  public static let budget = ["maximum-nodes", "maximum-parameters", "maximum-bytes", "coverage", "weights"]
  public static let coverage = ["pass", "minimum-done", "maximum-declined", "minimum-share"]
  public static let weights = ["type", "minimum-share", "operators"]
}
