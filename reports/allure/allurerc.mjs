// Allure's page: one file, our verdicts as categories. Nothing is kept between runs here: history is the bundles.
export default {
  name: "Switchyard",
  plugins: {
    awesome: {
      options: {
        singleFile: true,
        reportName: "Switchyard",
        reportLanguage: "en",
        groupBy: ["epic"],
      },
    },
  },
  categories: [
    { name: "Disproved: the evidence shows the opposite", matchers: { statuses: ["failed"] } },
    { name: "Inconclusive: the evidence cannot tell", matchers: { statuses: ["broken"] } },
    { name: "Blocked: a proof before it failed", matchers: { statuses: ["skipped"], message: /blocked by/ } },
  ],
};
