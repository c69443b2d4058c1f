"""Terms of the W3C Data Privacy Vocabulary that a loyalty programme is likely to need.

From the DPV's personal data extension (https://w3id.org/dpv/pd) and its purposes
(https://w3id.org/dpv, module *purposes*), spelt as in version 2.0. A term of the right form that is
missing here is accepted with a warning: the vocabulary grows, and this list is only a part.
"""

import re

TERM = re.compile(r"[A-Z][A-Za-z0-9]*")


def _terms(prefix: str, names: str) -> frozenset[str]:
    return frozenset(f"{prefix}:{name}" for name in names.split())


# Art. 9(1). In the DPV these stand under dpv:SpecialCategoryPersonalData, or under one that does;
# all but pd:Ethnicity, which the law names and the DPV puts above two that do.
SPECIAL = _terms(
    "pd",
    """
    Biometric BloodType DNACode Disability DrugTestResult EthnicOrigin Ethnicity FacialPrint
    FamilyHealthHistory Fetish Fingerprint Genetic Health HealthHistory HealthRecord
    IndividualHealthHistory MedicalHealth MentalHealth PhilosophicalBelief PhysicalHealth
    PoliticalAffiliation PoliticalOpinion Prescription Proclivity Race Religion ReligiousBelief
    Retina Sexual SexualHistory SexualPreference TradeUnionMembership
    """,
)

# Art. 10: pd:Criminal and what stands under it.
CRIMINAL = _terms("pd", "Criminal CriminalCharge CriminalConviction CriminalOffense CriminalPardon")

_OTHER_DATA = _terms(
    "pd",
    """
    AccountIdentifier Age AgeExact AgeRange Behavioral BirthDate BrowserHistory BrowsingBehavior
    City Communication Contact Country CreditCardNumber Demographic DeviceBased Dislike Education
    EmailAddress EmailAddressPersonal EmailAddressWork EmailContent Family FamilyStructure
    Favorite Financial FinancialAccount FinancialStatus GPSCoordinate Gender Geographic
    GroupMembership Height HouseNumber Household IPAddress Identifier Identifying Income
    IncomeBracket IndividualProfile Insurance Intention Interaction Interest Job Language Like
    Locality Location MaritalStatus Name Nationality OfficialID Opinion PaymentCard
    PaymentCardNumber PhysicalAddress PhysicalCharacteristic Picture PostalCode Preference
    PrivacyPreference Professional Profile Purchase PurchasesAndSpendingHabit Region Relationship
    Residency Sale ServiceConsumptionBehavior SocialMedia SocialNetwork TelephoneNumber
    Transaction Transactional Username
    """,
)

# Whatever the law calls direct marketing is one of these; which of them it is does not matter.
MARKETING = _terms(
    "dpv",
    """
    Advertising DirectMarketing Marketing PersonalisedAdvertising SocialMediaMarketing
    TargetedAdvertising
    """,
)

# Marketing too when members are written to; at the till, or on a page they open, it may be service.
OFFERS = _terms(
    "dpv",
    """
    PersonalisedBenefits ProvideEventRecommendations ProvidePersonalisedRecommendations
    ProvideProductRecommendations PublicRelations
    """,
)

_OTHER_PURPOSES = _terms(
    "dpv",
    """
    AccountManagement AgeVerification CommercialResearch CommunicationForCustomerCare
    CommunicationManagement CustomerCare CustomerClaimsManagement CustomerManagement
    CustomerOrderManagement CustomerRelationshipManagement DeliveryOfGoods DisputeManagement
    EnforceSecurity EstablishContractualAgreement FraudPreventionAndDetection
    FulfilmentOfContractualObligation FulfilmentOfObligation IdentityVerification
    ImproveExistingProductsAndServices ImproveInternalCRMProcesses InternalResourceOptimisation
    LegalCompliance MemberPartnerManagement OptimisationForConsumer OptimisationForController
    PaymentManagement Personalisation RecordManagement RequestedServiceProvision
    ResearchAndDevelopment SellProducts SellProductsToDataSubject ServiceOptimisation
    ServicePersonalisation ServiceProvision ServiceRegistration ServiceUsageAnalytics
    """,
)

PERSONAL_DATA = SPECIAL | CRIMINAL | _OTHER_DATA
PURPOSES = MARKETING | OFFERS | _OTHER_PURPOSES

_LOOKUPS = {
    "pd:EmailAddress": "email",
    "pd:EmailAddressPersonal": "email",
    "pd:EmailAddressWork": "email",
    "pd:TelephoneNumber": "phone",
}


def lookup_of(category: str) -> str | None:
    """The kind of lookup a category calls for, or None when it does not say."""
    return _LOOKUPS.get(category)


def is_term(text: str, *, prefix: str) -> bool:
    """Whether `text` has the form of a vocabulary term, such as ``pd:EmailAddress``."""
    return text.startswith(f"{prefix}:") and bool(TERM.fullmatch(text.removeprefix(f"{prefix}:")))
