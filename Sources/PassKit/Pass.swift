import LatheDiagnostics
import LatheIR

/// A transformation of a graph that says what it promises and what became of everything it was asked to touch.
///
/// A pass is a value. It adds nodes only through the context, which records where each comes from; it may remove and rewire as the graph
/// allows. Built-in passes have no privileges over those of a plugin.
public protocol Pass: Sendable {
  /// Typed options; their defaults are what `init()` gives.
  associatedtype Options: PassOptions = NoOptions

  /// Family and name; also the name of the pass's file, in kebab-case.
  static var id: PassID { get }
  /// One line for `lathe passes`.
  static var summary: String { get }

  init(options: Options)

  var guarantee: Guarantee { get }

  /// Changes the graph and tells what became of each candidate.
  func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome
}

/// Options of a pass: plain stored properties with defaults, none of them optional.
///
/// Their names in recipes and on the command line are the properties' names in kebab-case.
public protocol PassOptions: Codable, Sendable {
  init()
}

/// The options of a pass that has none.
public struct NoOptions: PassOptions {
  public init() {}
}
