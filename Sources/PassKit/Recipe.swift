import LatheDiagnostics
import LatheJSON
import OrderedCollections

/// A list of passes with their options, in order, and what their result must keep to.
public struct Recipe: Sendable {
  /// One pass, and where the recipe asks for it.
  public struct Step: Sendable {
    public var id: PassID
    /// By name in kebab-case.
    public var options: OrderedDictionary<String, JSONValue>
    public var location: Location
    public var optionLocations: [String: Location]

    public init(
      _ id: PassID, options: OrderedDictionary<String, JSONValue> = [:], at location: Location = Location(),
      optionLocations: [String: Location] = [:]
    ) {
      self.id = id
      self.options = options
      self.location = location
      self.optionLocations = optionLocations
    }
  }

  public var name: String
  /// One line for `lathe passes`.
  public var summary: String
  public var steps: [Step]
  /// Files with further passes.
  public var plugins: [String]
  public var budget: Budget

  public init(name: String = "", summary: String = "", steps: [Step] = [], plugins: [String] = [], budget: Budget = Budget()) {
    self.name = name
    self.summary = summary
    self.steps = steps
    self.plugins = plugins
    self.budget = budget
  }

  /// A list of passes with their defaults.
  public init(name: String, summary: String, passes: [PassID]) {
    self.init(name: name, summary: summary, steps: passes.map { Step($0) })
  }

  /// The passes, made by the catalog.
  ///
  /// - Throws: `passes/…` for passes and options it does not know, at the line of the recipe, and `recipe/coverage` if coverage is
  ///   demanded of a pass that is not among the steps.
  public func pipeline(from catalog: PassCatalog) throws(Diagnostic) -> Pipeline {
    var made: [Pipeline.Step] = []
    for step in steps { made.append(try Self.make(step, catalog)) }
    for demand in budget.coverage where !steps.contains(where: { $0.id == demand.pass }) {
      throw Diagnostic(
        "recipe/coverage", .usage, "coverage is demanded of \(demand.pass), which is not among the passes", at: demand.location,
        fix: Spelling.nearest(demand.pass.rawValue, among: steps.map(\.id.rawValue)).map { "did you mean \($0)?" })
    }
    return Pipeline(made)
  }

  private static func make(_ step: Step, _ catalog: PassCatalog) throws(Diagnostic) -> Pipeline.Step {
    do throws(Diagnostic) {
      let entry = try catalog.entry(step.id)
      for (key, value) in step.options {
        do throws(Diagnostic) {
          _ = try entry.step([key: value])
        } catch {
          throw error.located(in: step.optionLocations[key] ?? Location())
        }
      }
      return try entry.step(.object(step.options))
    } catch {
      throw error.located(in: step.location)
    }
  }
}
