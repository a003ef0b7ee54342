/// The order in which the indices of a structure go, with what each step loses.
struct Ranking {
  struct Step {
    let index: Int
    let loss: Double
  }

  /// All indices but one, the first to go first.
  let steps: [Step]

  init(_ steps: [Step]) { self.steps = steps }

  /// By scores: the least goes first.
  init(scores: [Double]) {
    let order = scores.indices.sorted { (scores[$0], $0) < (scores[$1], $1) }
    steps = order.dropLast().map { Step(index: $0, loss: scores[$0]) }
  }

  /// The indices that go with so many steps, ascending.
  func gone(after count: Int) -> [Int] { steps.prefix(count).map(\.index).sorted() }

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
