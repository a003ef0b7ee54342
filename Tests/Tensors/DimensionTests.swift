import LatheTensors
import Testing

@Suite struct DimensionTests {
  let batch = Dimension.symbol("batch")
  let seq = Dimension.symbol("seq")

  @Test func equalExpressionsHaveOneForm() {
    #expect(batch + seq == seq + batch)
    #expect((batch + 1) * seq == seq * batch + seq)
    #expect(seq - seq == 0)
    #expect(seq * 0 == 0)
    #expect((seq * 12 * batch).exactlyDivided(by: batch * seq) == 12)
    #expect((seq * 3).exactlyDivided(by: 2) == nil)
    #expect((seq * 4 + 2).floorDivided(by: 2) == seq * 2 + 1)
  }

  @Test func unknownStaysUnknownAndOverflowGivesUp() {
    #expect(Dimension.unknown + 1 == .unknown)
    #expect(Dimension.known(Int.max) + 1 == .unknown)
    #expect(Dimension.known(Int.max) * 2 == .unknown)
    #expect(!Dimension.unknown.isProvablyEqual(to: .unknown))
    #expect((seq + 1).isProvablyDifferent(from: seq))
    #expect(!batch.isProvablyDifferent(from: seq))
  }

  @Test(arguments: [
    "12", "batch", "2*seq + 1", "batch*seq", "seq/2", "2*(seq/2)", "(seq + 1)/2", "max(batch, seq)", "?", "'odd name!'",
    "-1 + 'a b'",
    "-seq + 4",
  ]) func textFormsReadBack(_ text: String) throws {
    let parsed = try #require(Dimension(parsing: text))
    #expect(Dimension(parsing: parsed.description) == parsed, "\(text) prints as \(parsed)")
  }

  @Test(arguments: ["", "2 +", "a b", "max(a)", "(a", "a)", "*", String(repeating: "(", count: 400)])
  func nonsenseIsNoDimension(_ text: String) {
    #expect(Dimension(parsing: text) == nil)
  }

  @Test func expressionsThatWouldGrowWithoutBoundAreGivenUp() {
    var quotient = seq
    var power = seq
    for step in 0..<200 {
      quotient = quotient.floorDivided(by: quotient * batch + .known(step + 2))
      power = (power + batch) * (power + 1)
    }
    #expect(quotient == .unknown && power == .unknown)
  }

  @Test func evaluationSubstitutesSymbols() {
    let expression = (seq * 2 + 1).floorDivided(by: batch)
    #expect(expression.evaluated(["seq": 5, "batch": 3]) == 3)
    #expect(expression.evaluated(["seq": 5]) == nil)
    #expect(Dimension.maximum(seq, batch).evaluated(["seq": 5, "batch": 7]) == 7)
    #expect(Dimension.minimum(seq, batch).evaluated(["seq": 5, "batch": 7]) == 5)
    #expect(expression.symbols == ["batch", "seq"])
  }
}
