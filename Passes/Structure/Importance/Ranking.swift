/// The order in which the indices of a structure go, with what each step loses.
struct Ranking {
  struct Step {
    let index: Int
    let loss: Double
  }

  /// A product without the indices that go first, fitted to what it gave with them.
  struct Fit {
    let site: LinearSite
    /// Changes of the weights, [targets, features], and of the bias.
    let weightChange, biasChange: [Double]
  }

  /// All indices but one, the first to go first.
  let steps: [Step]
  /// The products behind the structure when as many as it usually loses are gone; empty where none was fitted.
  var fits: [Fit] = []

  init(_ steps: [Step]) { self.steps = steps }

  /// By scores: the least goes first.
  init(scores: [Double]) {
    let order = scores.indices.sorted { (scores[$0], $0) < (scores[$1], $1) }
    steps = order.dropLast().map { Step(index: $0, loss: scores[$0]) }
  }

  /// The indices that stay after so many steps, ascending.
  func kept(after count: Int, of extent: Int) -> [Int] {
    let gone = Set(steps.prefix(count).map(\.index))
    return (0..<extent).filter { !gone.contains($0) }
  }

  /// What is lost with the first indices to go.
  func loss(of count: Int) -> Double { steps.prefix(count).reduce(0) { $0 + $1.loss } }

  /// A score for each index: what was lost when it went, and no less than what those before it lost. The one that never goes has the highest.
  func scores(of extent: Int) -> [Double] {
    var result = Array(repeating: 0.0, count: extent)
    var price = -Double.infinity
    for step in steps {
      price = max(price, step.loss)
      result[step.index] = price
    }
    let gone = Set(steps.map(\.index))
    for index in 0..<extent where !gone.contains(index) { result[index] = price.isFinite ? price.nextUp : 0 }
    return result
  }
}
